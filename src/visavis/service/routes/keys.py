"""API keys: made, listed, rotated and revoked by those who administer the service."""

from datetime import timedelta
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Path

from visavis.audit import Action, AuditEntry
from visavis.service.apikeys import ApiKey, Scope
from visavis.service.auth import Caller, Forbidden
from visavis.service.deps import Administering, needs
from visavis.service.openapi import ERRORS
from visavis.service.schemas.keys import KeyIn, KeyOut, KeysOut, NewKeyOut, RotateIn, SelfOut
from visavis.service.schemas.pages import Paged
from visavis.service.state import Call

router = APIRouter(prefix="/v1/keys", tags=["keys"], responses=ERRORS)

KeyId: TypeAlias = Annotated[
    str, Path(min_length=1, max_length=64, description="id of a key", examples=["3f9a0c51e2d7"])
]
Anybody: TypeAlias = Annotated[Call, Depends(needs())]


@router.get("/self", operation_id="show_own_key")
async def show_own_key(call: Anybody) -> SelfOut:
    """Says what the key of this request is good for."""
    caller = call.caller
    key = await call.run(lambda: call.services.keys.get(caller.key_id)) if caller.key_id else None
    return SelfOut(
        id=caller.key_id,
        name=caller.name,
        scopes=[scope for scope in Scope if caller.may(scope)],
        collections=None if caller.collections is None else list(caller.collections),
        expires_at=None if key is None else key.expires_at,
    )


@router.get("", operation_id="list_keys")
async def list_keys(paged: Paged, call: Administering) -> KeysOut:
    """Lists all keys ever made, the oldest first."""
    after = paged.after(call.services.cursors)
    keys = await call.run(call.services.keys.list)
    places = [key.id for key in keys]
    rest = keys[places.index(after) + 1 :] if after in places else keys
    page = rest[: paged.limit]
    return KeysOut(
        items=[KeyOut.of(key) for key in page],
        next=call.services.cursors.seal(page[-1].id) if len(rest) > len(page) else None,
    )


@router.post("", operation_id="create_key", status_code=201)
async def create_key(body: KeyIn, call: Administering) -> NewKeyOut:
    """Makes a key and tells its token, once. Nobody can give what they do not have."""
    _check_reach(call.caller, body)
    key, token = await call.run(lambda: _create(call, body))
    return NewKeyOut(key=KeyOut.of(key), token=token)


@router.post("/{key}/rotate", operation_id="rotate_key")
async def rotate_key(key: KeyId, body: RotateIn, call: Administering) -> NewKeyOut:
    """Gives a key a new token and tells it, once; the last one works until the grace is over."""
    found, token = await call.run(lambda: _rotate(call, key, timedelta(seconds=body.grace_seconds)))
    return NewKeyOut(key=KeyOut.of(found), token=token)


@router.delete("/{key}", operation_id="revoke_key")
async def revoke_key(key: KeyId, call: Administering) -> KeyOut:
    """Ends a key for good; it stays in the list."""
    return KeyOut.of(await call.run(lambda: _revoke(call, key)))


def _check_reach(caller: Caller, body: KeyIn) -> None:
    """Raises Forbidden for a scope or collection that the caller lacks."""
    if body.collections is None and caller.collections is not None:
        raise Forbidden("this API key reaches some collections, and can make no key for all")
    for scope in body.scopes:
        for collection in body.collections or (None,):
            caller.require(scope, collection)


def _create(call: Call, body: KeyIn) -> tuple[ApiKey, str]:
    made = call.services.keys.create(
        body.name, body.scopes, collections=body.collections, expires_at=body.expires_at
    )
    _record(call, Action.KEY_CREATED, made[0])
    return made


def _rotate(call: Call, ident: str, grace: timedelta) -> tuple[ApiKey, str]:
    _check_own(call, ident)
    rotated = call.services.keys.rotate(ident, grace)
    _record(call, Action.KEY_ROTATED, rotated[0])
    return rotated


def _revoke(call: Call, ident: str) -> ApiKey:
    _check_own(call, ident)
    revoked = call.services.keys.revoke(ident)
    _record(call, Action.KEY_REVOKED, revoked)
    return revoked


def _check_own(call: Call, ident: str) -> None:
    """Raises Forbidden for a key that reaches further than the caller's."""
    mine = call.caller.collections
    theirs = call.services.keys.get(ident).collections
    if mine is not None and (theirs is None or not set(theirs) <= set(mine)):
        raise Forbidden("this API key does not reach all collections of that one")


def _record(call: Call, action: Action, key: ApiKey) -> None:
    """Synced before the answer: `key` is whose call it was, `target` the key it was about."""
    told = {**call.origin, "target": key.id, "scopes": ", ".join(sorted(key.scopes))}
    call.services.gallery.audit(AuditEntry(action, details=told))
