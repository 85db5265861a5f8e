"""cluster: unknown faces grouped into people, and enrolled."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.console import answer, note, table
from visavis.cli.options import (
    CollectionOption,
    FmrOption,
    FpirOption,
    GalleryOption,
    JsonOption,
    ThresholdOption,
    examples,
)
from visavis.cli.run import Exit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.cli.strangers import Enrolled, Found
    from visavis.video.gathering import Group, Stranger

app = typer.Typer()


@app.command(
    rich_help_panel="Watch",
    epilog=examples(
        "visavis cluster holiday/ --sheets people/",
        "visavis cluster film.mp4 holiday/ --json",
        "visavis cluster holiday/ --enrol 1=ada --enrol 3=ben",
    ),
)
def cluster(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="PLACE", help="A folder of photos, a photo or a film.", exists=True),
    ],
    sheets: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", file_okay=False, help="Write a contact sheet of each person here."
        ),
    ] = None,
    enrol: Annotated[
        list[str] | None,
        typer.Option("--enrol", metavar="N=SUBJECT", help="Enrol person N; repeatable."),
    ] = None,
    check: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Go on only if the groups are those of this code."),
    ] = None,
    least: Annotated[
        int, typer.Option(min=1, metavar="N", help="Tell only of who was found so often.")
    ] = 2,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    fmr: FmrOption = None,
    fpir: FpirOption = None,
    threshold: ThresholdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Group the unknown faces of photos and films into people.

    Faces are one person where they are alike on average by the threshold of --fmr;
    faces of one picture never are. Who is enrolled is left out. Nothing is kept:
    the same files give the same numbers, so --enrol may follow in a second run.

    Exit code 1: a person was refused by --enrol.
    """
    from visavis.cli.strangers import enrolled, find, opened, written
    from visavis.settings import Settings

    settings = Settings.load(
        gallery=gallery, collection=collection, fmr=fmr, fpir=fpir, threshold=threshold
    )
    wanted = _wanted(enrol or [])
    with opened(settings, create=bool(wanted)) as recognizer:
        found = find(recognizer, settings, sources, least)
        if check is not None and check != found.code:
            raise typer.BadParameter(f"expected the groups of {check}, got those of {found.code}")
        lost = sorted(wanted.keys() - {group.number for group in found.groups})
        if lost:
            raise typer.BadParameter(f"--enrol: there is no person {lost[0]}")
        drawn = {} if sheets is None else written(found, sheets, recognizer)
        done = [
            enrolled(recognizer, g, wanted[g.number]) for g in found.groups if g.number in wanted
        ]
    answer(as_json, _document(found, drawn, done), lambda: _view(found, done))
    for one in done:
        if one.error is not None:
            note(f"person {one.number} was not enrolled as {one.subject}: {one.error}")
    raise typer.Exit(Exit.NO if any(one.error for one in done) else Exit.YES)


def _wanted(texts: Sequence[str]) -> dict[int, str]:
    """Numbers and subjects of `--enrol 3=ada`."""
    found: dict[int, str] = {}
    for text in texts:
        number, equals, subject = text.partition("=")
        if not (number.isdecimal() and equals and subject) or int(number) in found:
            raise typer.BadParameter(f"expected --enrol NUMBER=SUBJECT, each once, got {text!r}")
        found[int(number)] = subject
    return found


def _document(found: "Found", drawn: dict[int, Path], done: "Sequence[Enrolled]") -> dict[str, Any]:
    return {
        "code": found.code,
        "threshold": round(found.threshold.score, 4),
        "fmr": found.threshold.rate,
        "faces": found.faces,
        "known": found.known,
        "unclear": found.unclear,
        "unreadable": found.unreadable,
        "people": [_group(group, drawn.get(group.number)) for group in found.groups],
        "enrolled": [
            {
                "person": one.number,
                "subject": one.subject,
                "templates": one.templates,
                "error": None if one.error is None else one.error.code,
            }
            for one in done
        ],
    }


def _group(group: "Group", sheet: Path | None) -> dict[str, Any]:
    return {
        "person": group.number,
        "finds": group.finds,
        "alike": round(group.alike, 4),
        "sheet": None if sheet is None else str(sheet),
        "faces": [_face(face) for face in group.faces],
    }


def _face(face: "Stranger") -> dict[str, Any]:
    from visavis.cli.video import clock

    place: dict[str, Any] = {"source": face.source, "finds": face.finds}
    if face.face is not None:
        place["box"] = [round(float(edge), 1) for edge in face.face.box]
    if face.span is not None:
        place["first"], place["last"] = (clock(at) for at in face.span)
    return place


def _view(found: "Found", done: "Sequence[Enrolled]") -> "RenderableType":
    from rich.console import Group as Lines

    from visavis.cli.console import facts
    from visavis.cli.words import count, percent, text, verdict

    rows = table("person", "found", "alike", "where", right=("person", "found", "alike"))
    for group in found.groups:
        places = sorted({Path(face.source).name for face in group.faces})
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        where = text(", ".join(places[:3]) + more)
        rows.add_row(str(group.number), str(group.finds), f"{group.alike:.3f}", where)
    rate = "" if found.threshold.rate is None else f", FMR {percent(found.threshold.rate)}"
    known = ", ".join(f"{who} ({n})" for who, n in sorted(found.known.items()))
    below = facts(
        {
            "unknown faces": count(found.faces, "face"),
            "threshold": f"{found.threshold.score:.3f}{rate}",
            "known": text(known),
            "unclear": str(found.unclear or ""),
            "unreadable": str(found.unreadable or ""),
            "code": found.code,
        }
    )
    good = [one for one in done if one.error is None]
    told = (verdict(True, f"person {one.number} is enrolled as {one.subject}") for one in good)
    return Lines(rows, below, *told)
