"""video: index."""

import csv
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.console import answer, progress, table
from visavis.cli.options import (
    CollectionOption,
    FmrOption,
    FpirOption,
    GalleryOption,
    JsonOption,
    ThresholdOption,
    examples,
)
from visavis.cli.run import Interrupted

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.cli.filming import Book, Films
    from visavis.video.index import Filmed, Presence

COLUMNS = ("film", "subject", "stranger", "first", "last", "score", "share")

app = typer.Typer(no_args_is_help=True)


@app.callback()
def video() -> None:
    """Find people in films."""


@app.command(
    epilog=examples("visavis video index film.mp4", "visavis video index *.mp4 --csv who.csv")
)
def index(
    films: Annotated[
        list[str], typer.Argument(metavar="FILE", help="A film, or a folder of pictures.")
    ],
    table_file: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", dir_okay=False, help="Write a row for each stay."),
    ] = None,
    gap: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, help="Who is away for no longer has not left."),
    ] = 2.0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew, also where a run was stopped.")
    ] = False,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    fmr: FmrOption = None,
    fpir: FpirOption = None,
    threshold: ThresholdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say who appears when in films.

    Strangers are told apart at the false-match rate of --fmr and numbered through
    all films. A run that was stopped goes on when it is started again: what is
    done is kept, encrypted under the collection's key, until the end.
    """
    from visavis.cli.context import open_recognizer
    from visavis.cli.filming import Films
    from visavis.settings import Settings
    from visavis.video.appearances import SweepRules
    from visavis.video.index import presences

    settings = Settings.load(
        gallery=gallery, collection=collection, fmr=fmr, fpir=fpir, threshold=threshold
    )
    with open_recognizer(settings) as recognizer:
        work = Films(recognizer, settings, SweepRules(gap=gap))
        books = [work.open(film) for film in films]
        done = [_one(work, book, fresh) for book in books]
        limit = settings.policy.verification(recognizer.pipeline.embedder.calibration).score
        found = presences(done, limit, gap)
        if table_file is not None:
            _write(table_file, found)
        for book in books:
            book.drop()
    answer(as_json, _document(done, found), lambda: _view(done, found))


def _one(work: "Films", book: "Book", fresh: bool) -> "Filmed":
    """One film, gone through from where the last run stopped. Raises Interrupted on Ctrl-C."""
    if fresh:
        book.drop()
    at = 0.0

    with progress(f"looking at {Path(book.name).name}", unit="seconds") as advance:

        def tick(now: float) -> None:
            nonlocal at
            at = now
            advance(int(now), book.length)

        try:
            with closing(work.through(book, tick)) as parts:
                return book.filmed(parts)
        except KeyboardInterrupt:
            raise Interrupted(
                f"stopped at {clock(at)} of {book.name}. Run the same command again to go on."
            ) from None


def clock(seconds: float) -> str:
    """`h:mm:ss.s`."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 10:02}.{rest % 10}"


def _write(path: Path, found: "Sequence[Presence]") -> None:
    """A row for each stay, for the owner's eyes alone."""
    from visavis.gallery.vault import private_file

    with private_file(path, replace=True) as part, part.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for one in found:
            who = (one.film, one.subject, one.stranger)
            score = "" if one.score is None else f"{one.score:.4f}"
            for first, last in one.stays:
                rows.writerow([*who, clock(first), clock(last), score, f"{one.share:.4f}"])


def _document(films: "Sequence[Filmed]", found: "Sequence[Presence]") -> dict[str, Any]:
    from visavis.video.index import unclear

    return {
        "films": [
            {
                "film": film.name,
                "first": clock(film.span[0]),
                "last": clock(film.span[1]),
                "unclear": unclear(film),
                "people": [_person(one) for one in found if one.film == film.name],
            }
            for film in films
        ]
    }


def _person(one: "Presence") -> dict[str, Any]:
    return {
        "subject": one.subject,
        "stranger": one.stranger,
        "score": None if one.score is None else round(one.score, 4),
        "share": round(one.share, 4),
        "stays": [
            {
                "first": clock(first),
                "last": clock(last),
                "first_seconds": round(first, 3),
                "last_seconds": round(last, 3),
            }
            for first, last in one.stays
        ],
    }


def _view(films: "Sequence[Filmed]", found: "Sequence[Presence]") -> "RenderableType":
    from visavis.cli.words import percent, score, text

    heads = ("film",) if len(films) > 1 else ()
    rows = table(
        *heads, "who", "from", "to", "score", "share", right=("from", "to", "score", "share")
    )
    for one in found:
        who = f"stranger {one.stranger}" if one.subject is None else one.subject
        for place, (first, last) in enumerate(one.stays):
            once = place == 0
            rows.add_row(
                *([text(Path(one.film).name)] if heads else []),
                text(who if once else "", "dim" if one.subject is None else "bold"),
                clock(first),
                clock(last),
                score(one.score) if once else "",
                percent(one.share) if once and one.share else "",
            )
    return rows
