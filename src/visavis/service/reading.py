"""Who may look at what a gallery keeps: whoever may search it or add to it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeAlias

from fastapi import Depends
from starlette.requests import HTTPConnection

from visavis.service.apikeys import Scope
from visavis.service.auth import Caller, Forbidden, token_of
from visavis.service.deps import admit
from visavis.service.state import Call

READERS: Final = (Scope.IDENTIFY, Scope.ENROL)


def needs_any(*scopes: Scope) -> Callable[[HTTPConnection], Awaitable[Call]]:
    """A dependency: the call of a key that has one of the scopes, in the collection of the path.

    Raises Unauthorized, Forbidden, RateLimited.
    """

    async def call(connection: HTTPConnection) -> Call:
        found = admit(connection, token_of(connection.headers))
        held = next((scope for scope in scopes if found.caller.may(scope)), None)
        if held is None:
            raise Forbidden(f"this API key lacks the scope {' or '.join(scopes)}")
        found.caller.require(held, connection.path_params.get("collection"))
        return found

    return call


def may_read(caller: Caller, collection: str) -> bool:
    """Whether the caller may look at this collection."""
    return any(caller.may(scope, collection) for scope in READERS)


Reading: TypeAlias = Annotated[Call, Depends(needs_any(*READERS))]
