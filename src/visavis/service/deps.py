"""What routes ask for: the services, and a caller with the scope that the route needs."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias

from fastapi import Depends, Path, Query
from starlette.requests import HTTPConnection

from visavis.service.apikeys import Scope
from visavis.service.auth import Caller, token_of
from visavis.service.schemas.policy import PolicyQuery
from visavis.service.state import Call, Services


def services_of(connection: HTTPConnection) -> Services:
    """The services of the app that a request or WebSocket came to."""
    found: Services = connection.app.state.services
    return found


def admit(connection: HTTPConnection, token: str | None) -> Call:
    """The call of whoever has this token, counted against the key's rate.

    Raises Unauthorized, RateLimited.
    """
    services = services_of(connection)
    caller: Caller = services.gate.admit(token)
    connection.state.key_id = caller.key_id
    services.rates.take(caller.key_id)
    return Call(services, caller, connection.state.request_id)


def needs(*scopes: Scope) -> Callable[[HTTPConnection], Awaitable[Call]]:
    """A dependency: the call of a key that has all scopes, in the collection of the path.

    Raises Unauthorized, Forbidden, RateLimited.
    """

    async def call(connection: HTTPConnection) -> Call:
        found = admit(connection, token_of(connection.headers))
        collection = connection.path_params.get("collection")
        for scope in scopes:
            found.caller.require(scope, collection)
        return found

    return call


Detecting: TypeAlias = Annotated[Call, Depends(needs(Scope.DETECT))]
Identifying: TypeAlias = Annotated[Call, Depends(needs(Scope.IDENTIFY))]
Enrolling: TypeAlias = Annotated[Call, Depends(needs(Scope.ENROL))]
Auditing: TypeAlias = Annotated[Call, Depends(needs(Scope.AUDIT))]
Administering: TypeAlias = Annotated[Call, Depends(needs(Scope.ADMIN))]
Embedding: TypeAlias = Annotated[Call, Depends(needs(Scope.DETECT, Scope.SCORES))]

Asked: TypeAlias = Annotated[PolicyQuery, Query()]
CollectionName: TypeAlias = Annotated[
    str,
    Path(min_length=1, max_length=200, description="name of a collection", examples=["default"]),
]
SubjectId: TypeAlias = Annotated[
    str, Path(min_length=1, max_length=200, description="id of a subject", examples=["ada"])
]
