"""apikeys: create, list, revoke, rotate."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from visavis.cli.console import answer, note, table, write_json
from visavis.cli.options import GalleryOption, JsonOption, examples, expiry

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.gallery.gallery import Gallery
    from visavis.service.apikeys import ApiKey, ApiKeys

KeyId: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="Id of the key.")]

app = typer.Typer(no_args_is_help=True)


def duration(text: str) -> timedelta:
    """A length of time: `30m`, `1h` or `7d`."""
    found = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if found is None:
        raise typer.BadParameter(f"expected minutes, hours or days: 30m, 1h or 7d, got {text!r}")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


@app.command(
    epilog=examples(
        "visavis apikeys create door --scope identify --collection staff",
        "visavis apikeys create backup --scope admin --expires 90d --json",
    )
)
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help="detect, identify, enrol, scores, audit, or admin for everything; repeatable.",
        ),
    ],
    collection: Annotated[
        list[str] | None,
        typer.Option(
            "--collection", metavar="NAME", help="It reaches no other collection; repeatable."
        ),
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(
            "--expires",
            metavar="WHEN",
            parser=expiry,
            help="Of no use after: 2027-01-31, or 90d from now.",
        ),
    ] = None,
    gallery: GalleryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an API key for the service, and print its token, once.

    Only a digest of the token is kept: one that is lost cannot be shown again,
    but `visavis apikeys rotate` gives the key another.
    """
    from visavis.audit import Action
    from visavis.service.apikeys import entry

    with _keys(gallery, create=True) as (found, keys):
        key, token = keys.create(name, scope, collections=collection or None, expires_at=expires)
        found.audit(entry(Action.KEY_CREATED, key))
    _tell(as_json, key, token)


@app.command("list", epilog=examples("visavis apikeys list"))
def list_(gallery: GalleryOption = None, as_json: JsonOption = False) -> None:
    """List all API keys ever made, the oldest first, without their tokens."""
    with _keys(gallery) as (_, keys):
        made = keys.list()
    answer(as_json, {"keys": [_document(key) for key in made]}, lambda: _table(made))


@app.command(epilog=examples("visavis apikeys revoke 3f9a0c51e2d7"))
def revoke(ident: KeyId, gallery: GalleryOption = None, as_json: JsonOption = False) -> None:
    """End an API key for good. A running service refuses it within a second."""
    from visavis.audit import Action
    from visavis.cli.words import verdict
    from visavis.service.apikeys import entry

    with _keys(gallery) as (found, keys):
        key = keys.revoke(ident)
        found.audit(entry(Action.KEY_REVOKED, key))
    words = f"API key {key.id} ({key.name}) is revoked"
    answer(as_json, {"key": _document(key)}, lambda: verdict(True, words))


@app.command(epilog=examples("visavis apikeys rotate 3f9a0c51e2d7 --grace 1h"))
def rotate(
    ident: KeyId,
    grace: Annotated[
        timedelta | None,
        typer.Option(
            "--grace",
            metavar="TIME",
            parser=duration,
            help="So long the last token works beside the new one: 30m, 1h or 7d.",
        ),
    ] = None,
    gallery: GalleryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an API key a new token, and print it, once.

    Name, scopes and expiry stay. Without --grace the last token ends at once.
    """
    from visavis.audit import Action
    from visavis.service.apikeys import entry

    with _keys(gallery) as (found, keys):
        key, token = keys.rotate(ident, grace or timedelta(0))
        found.audit(entry(Action.KEY_ROTATED, key))
    _tell(as_json, key, token)


@contextmanager
def _keys(gallery: Path | None, *, create: bool = False) -> Iterator[tuple["Gallery", "ApiKeys"]]:
    """The gallery, whose audit log tells of keys, and the keys of its service."""
    from visavis.cli.context import open_gallery
    from visavis.service.apikeys import ApiKeys
    from visavis.service.database import ServiceDatabase, service_database_of
    from visavis.settings import Settings

    settings = Settings.load(gallery=gallery)
    with (
        open_gallery(settings, create=create) as found,
        closing(ServiceDatabase(service_database_of(settings.gallery))) as database,
    ):
        yield found, ApiKeys(database)


def _tell(as_json: bool, key: "ApiKey", token: str) -> None:
    """The token alone on stdout, so that it can go straight into a file."""
    if as_json:
        write_json({"key": _document(key), "token": token})
    else:
        typer.echo(token)
    note(f"this is the token of API key {key.id} ({key.name}); it will not be shown again")


def _document(key: "ApiKey") -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": sorted(key.scopes),
        "collections": None if key.collections is None else [*key.collections],
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


def _table(keys: "tuple[ApiKey, ...]") -> "RenderableType":
    from visavis.cli.words import moment, text

    rows = table("id", "name", "scopes", "collections", "made (UTC)", "last used (UTC)", "state")
    for key in keys:
        rows.add_row(
            text(key.id, "bold"),
            text(key.name),
            text(", ".join(sorted(key.scopes))),
            text("all" if key.collections is None else ", ".join(key.collections)),
            moment(key.created_at, zone=""),
            moment(key.last_used_at, zone=""),
            text(_state(key)),
        )
    return rows


def _state(key: "ApiKey") -> str:
    match key:
        case _ if key.revoked_at is not None:
            return "revoked"
        case _ if not key.active(datetime.now(UTC)):
            return "expired"
        case _ if key.expires_at is not None:
            return f"until {key.expires_at:%Y-%m-%d}"
        case _:
            return "active"
