"""sightings: list, show, purge."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from visavis.cli.console import answer, facts, table
from visavis.cli.options import (
    CollectionOption,
    GalleryOption,
    JsonOption,
    YesOption,
    examples,
)
from visavis.cli.run import Exit
from visavis.errors import UnknownSubject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from visavis.gallery.sighting import Sighting
    from visavis.gallery.sightings import Sightings

_PAGE = 500
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

app = typer.Typer(no_args_is_help=True)


def past(text: str) -> datetime:
    """A moment in the past: an ISO date or time (UTC unless it says otherwise), or `30d` ago."""
    ago = re.fullmatch(r"(\d{1,6})([mhd])", text)
    try:
        if ago:
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"expected a date such as 2026-01-31 or a time ago: 30m, 12h or 30d, got {text!r}"
        ) from None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


SubjectOption: TypeAlias = Annotated[
    str | None, typer.Option("--subject", metavar="ID", help="Of this subject alone.")
]
CameraOption: TypeAlias = Annotated[
    str | None, typer.Option("--camera", metavar="NAME", help="By this camera alone.")
]


@app.command(
    "list",
    epilog=examples(
        "visavis sightings list --since 12h", "visavis sightings list --subject ada --camera door"
    ),
)
def list_(
    subject: SubjectOption = None,
    camera: CameraOption = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            metavar="WHEN", parser=past, help="Seen since: 2026-01-31, or 12h or 30d ago."
        ),
    ] = None,
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many.")] = 20,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who was seen, the newest first."""
    from visavis.cli.context import open_collection
    from visavis.settings import Settings

    with open_collection(Settings.load(gallery=gallery, collection=collection)) as found:
        seen = found.sightings.sightings(subject=subject, camera=camera, since=since, limit=number)
    answer(as_json, {"sightings": [_document(one) for one in seen]}, lambda: _table(seen))


@app.command(epilog=examples("visavis sightings show 3f9a0c51 --shot ada.png"))
def show(
    ident: Annotated[
        str, typer.Argument(metavar="ID", help="Id of the sighting, or how it begins.")
    ],
    shot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Write the best picture here."),
    ] = None,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a sighting, and write its best picture if there is one.

    Exit code 1: a picture was asked for, and none was kept.
    """
    from visavis.cli.context import open_collection
    from visavis.settings import Settings

    with open_collection(Settings.load(gallery=gallery, collection=collection)) as found:
        one = _find(found.sightings, ident)
        kept = shot is not None and _write(found.sightings, one, shot)
    document = {"sighting": _document(one), "shot": str(shot) if kept else None}
    answer(as_json, document, lambda: _facts(one, shot if kept else None))
    raise typer.Exit(Exit.YES if kept or shot is None else Exit.NO)


@app.command(epilog=examples("visavis sightings purge --before 30d"))
def purge(
    before: Annotated[
        datetime,
        typer.Option(
            metavar="WHEN", parser=past, help="Last seen before: 2026-01-31, or 12h or 30d ago."
        ),
    ],
    yes: YesOption = False,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete old sightings for good, with their events and pictures."""
    from visavis.cli.context import open_collection
    from visavis.cli.words import count, moment, verdict
    from visavis.settings import Settings

    with open_collection(Settings.load(gallery=gallery, collection=collection)) as found:
        question = f"Delete what was last seen before {moment(before.astimezone(UTC))} for good?"
        if not yes and not typer.confirm(question, err=True):
            answer(as_json, {"purged": False}, lambda: "Nothing was purged.")
            raise typer.Exit(Exit.NO)
        gone = found.sightings.purge(before)
    words = f"{count(gone.sightings, 'sighting')} and {count(gone.events, 'event')} purged"
    answer(
        as_json,
        {"purged": True, "sightings": gone.sightings, "events": gone.events},
        lambda: verdict(True, words),
    )


def _find(kept: "Sightings", ident: str) -> "Sighting":
    """The one sighting whose id begins so. Raises UnknownSubject, BadParameter for several."""
    found: list[Sighting] = []
    before = None
    while page := kept.sightings(before=before, limit=_PAGE):
        found += [one for one in page if one.id.startswith(ident.lower())]
        before = page[-1].number
    if not found:
        raise UnknownSubject(f"no sighting {ident!r}")
    if len(found) > 1:
        raise typer.BadParameter(f"{len(found)} sightings begin with {ident!r}: give more of it")
    return found[0]


def _write(kept: "Sightings", one: "Sighting", path: Path) -> bool:
    """Writes the best picture, readable by the owner alone; false where there is none."""
    from visavis.gallery.vault import private_file
    from visavis.image import encode

    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise typer.BadParameter(f"--shot writes .png and .jpg, got {path.name}")
    image = kept.shot(one.id)
    if image is None:
        return False
    kind = encode(image, "PNG" if path.suffix.lower() == ".png" else "JPEG", 95)
    with private_file(path, replace=True) as part:
        part.write_bytes(kind)
    return True


def _document(one: "Sighting") -> dict[str, Any]:
    latest = one.latest
    return {
        "id": one.id,
        "subject": latest.subject,
        "camera": latest.camera,
        "first_seen": latest.first_seen,
        "last_seen": latest.last_seen,
        "present": not _over(one),
        "kinds": sorted(kind.value for kind in one.kinds),
        "score": latest.score,
        "threshold": latest.threshold,
        "rate": latest.rate,
        "live": latest.live,
        "quality": latest.quality,
        "has_shot": one.has_shot,
    }


def _over(one: "Sighting") -> bool:
    from visavis.gallery.sighting import Kind

    return Kind.LEFT in one.kinds


def _table(seen: "Sequence[Sighting]") -> "RenderableType":
    from visavis.cli.words import moment, score, text

    heads = ("id", "who", "camera", "from (UTC)", "to (UTC)", "score", "shot")
    rows = table(*heads, right=("score",))
    for one in seen:
        latest = one.latest
        who = text(latest.subject, "bold") if latest.subject else text("a stranger", "dim")
        rows.add_row(
            one.id[:8],
            who,
            text(latest.camera),
            moment(latest.first_seen, zone=""),
            moment(latest.last_seen, zone="") if _over(one) else "still there",
            score(latest.score) if latest.subject else "",
            "yes" if one.has_shot else "",
        )
    return rows


def _facts(one: "Sighting", shot: Path | None) -> "RenderableType":
    from visavis.cli.words import moment, score, text

    latest = one.latest
    live = {None: "", True: "yes", False: "no"}[latest.live]
    return facts(
        {
            "id": one.id,
            "who": text(latest.subject or "a stranger"),
            "camera": text(latest.camera),
            "first seen": moment(latest.first_seen),
            "last seen": moment(latest.last_seen),
            "told": ", ".join(sorted(kind.value.replace("_", " ") for kind in one.kinds)),
            "score": f"{score(latest.score)} of {score(latest.threshold)} needed",
            "live": live,
            "shot": text(shot) if shot else ("kept" if one.has_shot else "none"),
        }
    )
