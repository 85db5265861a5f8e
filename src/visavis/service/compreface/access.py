"""Who calls, and which collection is theirs: CompreFace's keys open one each."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends
from starlette.requests import HTTPConnection

from visavis.recognizer import Recognizer
from visavis.service.apikeys import Scope
from visavis.service.auth import Caller, token_of
from visavis.service.deps import admit
from visavis.service.reading import READERS, needs_any
from visavis.service.state import Call


@dataclass(frozen=True, slots=True)
class Visit:
    """A call, and the collection that it is about."""

    call: Call
    collection: str

    @property
    def recognizer(self) -> Recognizer:
        """Raises UnknownSubject while nothing has made the collection."""
        return self.call.services.recognizers.of(self.collection)


def collection_of(caller: Caller, otherwise: str) -> str:
    """The collection of a key that is limited to one, else the service's own."""
    match caller.collections:
        case (only,):
            return only
        case _:
            return otherwise


def visit_of(connection: HTTPConnection, token: str | None, *scopes: Scope) -> Visit:
    """The visit of whoever has this token. Raises Unauthorized, Forbidden, RateLimited."""
    return _visit(admit(connection, token), scopes)


def _visit(call: Call, scopes: Sequence[Scope]) -> Visit:
    name = collection_of(call.caller, call.services.settings.collection)
    for scope in scopes:
        call.caller.require(scope, name)
    return Visit(call, name)


def visiting(*scopes: Scope) -> Callable[[HTTPConnection], Awaitable[Visit]]:
    """A dependency: the visit of a key that has all scopes."""

    async def found(connection: HTTPConnection) -> Visit:
        return visit_of(connection, token_of(connection.headers), *scopes)

    return found


async def _reading(connection: HTTPConnection) -> Visit:
    call = await needs_any(*READERS)(connection)
    held = next(scope for scope in READERS if call.caller.may(scope))
    return _visit(call, (held,))


Reads: TypeAlias = Annotated[Visit, Depends(_reading)]
Detects: TypeAlias = Annotated[Visit, Depends(visiting(Scope.DETECT))]
Identifies: TypeAlias = Annotated[Visit, Depends(visiting(Scope.IDENTIFY))]
Enrols: TypeAlias = Annotated[Visit, Depends(visiting(Scope.ENROL))]
ReadsVectors: TypeAlias = Annotated[Visit, Depends(visiting(Scope.IDENTIFY, Scope.SCORES))]
