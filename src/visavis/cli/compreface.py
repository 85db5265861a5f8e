"""compreface: move people over from CompreFace."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from visavis.cli.console import answer, progress
from visavis.cli.options import CollectionOption, GalleryOption, JsonOption, examples, expiry
from visavis.cli.run import Exit, Interrupted
from visavis.errors import InputError, ModelMismatch, UnknownSubject

if TYPE_CHECKING:
    from visavis.cli.folder import About
    from visavis.recognizer import Recognizer
    from visavis.settings import Settings
    from visavis.types import Embedding

app = typer.Typer(no_args_is_help=True)

_SUBJECT = ("subject", "subject_name")
_MODEL = ("model", "calculator")


@app.callback()
def group() -> None:
    """Move people over from CompreFace."""


@app.command(
    "import",
    epilog=examples(
        "visavis compreface import faces/   # faces/ada/1.jpg, faces/ben/1.jpg, …",
        "visavis compreface import embeddings.csv --collection shop --json",
    ),
)
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            exists=True,
            help="A folder with a folder of photos a person, or a .csv or .json file of embeddings "
            "that this gallery's own model made.",
        ),
    ],
    consent_ref: Annotated[
        str | None, typer.Option("--consent-ref", help="Where the consents are on file.")
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(
            "--expires",
            metavar="WHEN",
            parser=expiry,
            help="Never matched after: 2027-01-31, or 365d from now.",
        ),
    ] = None,
    review: Annotated[
        Literal["off", "standard", "strict"] | None,
        typer.Option(
            "--review",
            metavar="MODE",
            help="How photos are checked, as with enrol; embeddings are taken as they are. "
            "[dim]VISAVIS_REVIEW[/]",
        ),
    ] = None,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol the people whom CompreFace knows.

    From photos, as CompreFace's embeddings come from other models and never
    compare with those made here. Embeddings are taken only where their file
    names this gallery's model in the column model.

    Those who are enrolled already are skipped, so that it can be run again.

    Exit code 0: everybody is enrolled; 2: somebody is not, as no photo could be used.
    """
    from visavis.cli.folder import About
    from visavis.settings import Settings

    settings = Settings.load(gallery=gallery, collection=collection, review=review)
    about = About(None, consent_ref, expires)
    if source.is_dir():
        _photos(settings, source, about, as_json)
    else:
        _embeddings(settings, source, about, as_json)


def _photos(settings: "Settings", source: Path, about: "About", as_json: bool) -> None:
    from visavis.cli import documents, folder, views
    from visavis.cli.context import open_recognizer

    with open_recognizer(settings, create=True) as recognizer:
        done = folder.enrol(recognizer, source, about)
    answer(as_json, documents.enrolments(done), lambda: views.enrolments(done))
    raise typer.Exit(Exit.YES if all(d.present for d in done) else Exit.INPUT)


def _embeddings(settings: "Settings", source: Path, about: "About", as_json: bool) -> None:
    from visavis.cli.context import open_recognizer
    from visavis.cli.words import count, verdict

    rows = read(source)
    with open_recognizer(settings, create=True) as recognizer:
        made, skipped = store(recognizer, rows, about)
    document = {
        "enrolled": [{"subject": name, "templates": number} for name, number in made.items()],
        "skipped": skipped,
        "not_enrolled": [],
        "refused": [],
    }
    stored = count(sum(made.values()), "template")
    words = f"{count(len(made), 'subject')} enrolled with {stored}"
    there = f", {len(skipped):,} already there" if skipped else ""
    answer(as_json, document, lambda: verdict(True, words + there))


@dataclass(frozen=True, slots=True)
class Row:
    """One embedding of an export: whose it is, and the model that made it, if that is said."""

    number: int
    subject: str
    vector: tuple[float, ...]
    model: str
    quality: float


def read(path: Path) -> list[Row]:
    """The embeddings of a file, in its order. Raises InputError, naming the row."""
    with _readable(path):
        match path.suffix.lower():
            case ".json":
                found = json.loads(path.read_text("utf-8"))
            case ".csv":
                with path.open(encoding="utf-8-sig", newline="") as file:
                    found = list(csv.DictReader(file))
            case other:
                raise InputError(f"expected a folder, or a .csv or .json file, got {other!r}")
    if not isinstance(found, list) or not found:
        raise InputError(f"expected a list of embeddings in {path}, found none")
    return [_row(number, fields) for number, fields in enumerate(found, 1)]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, csv.Error, RecursionError) as error:
        raise InputError(f"cannot read {path}: {error}") from None


def _row(number: int, fields: Any) -> Row:
    if not isinstance(fields, Mapping):
        raise InputError(f"row {number}: expected fields by name, got {type(fields).__name__}")
    subject = _first(fields, _SUBJECT)
    if not isinstance(subject, str) or not subject:
        raise InputError(f"row {number}: expected a subject's name as subject, got {subject!r:.40}")
    model = _first(fields, _MODEL) or ""
    try:
        vector = _numbers(fields.get("embedding"))
        quality = float(fields.get("quality") or 0.0)
    except (ValueError, TypeError):
        raise InputError(
            f"row {number}: expected an embedding as [0.1, 0.2, …], and a number as its quality"
        ) from None
    return Row(number, subject, vector, str(model), quality)


def _first(fields: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((fields[name] for name in names if fields.get(name)), None)


def _numbers(value: Any) -> tuple[float, ...]:
    """A list of numbers, or the text of one as JSON or PostgreSQL write it."""
    if isinstance(value, str):
        value = json.loads(value.strip().replace("{", "[").replace("}", "]"))
    numbers = tuple(float(number) for number in value)
    if not numbers or not all(map(isfinite, numbers)):
        raise ValueError("expected finite numbers")
    return numbers


def store(
    recognizer: "Recognizer", rows: Sequence[Row], about: "About"
) -> tuple[dict[str, int], list[str]]:
    """Enrols each subject in one transaction; templates by subject, and who was there already.

    Raises ModelMismatch, with nothing stored, for an embedding that the recognizer's model did
    not make.
    """
    from visavis.cli.words import count
    from visavis.types import Embedding

    embedder = recognizer.pipeline.embedder
    people: dict[str, list[tuple[Embedding, float]]] = {}
    for row in rows:
        _check(row, embedder.model, embedder.dim)
        people.setdefault(row.subject, []).append(
            (Embedding.of(row.vector, embedder.model), row.quality)
        )
    made: dict[str, int] = {}
    skipped: list[str] = []
    try:
        with progress("importing", len(people)) as advance:
            for done, (subject, templates) in enumerate(people.items(), 1):
                if _known(recognizer, subject):
                    skipped.append(subject)
                else:
                    made[subject] = _enrol(recognizer, subject, templates, about)
                advance(done, len(people))
    except KeyboardInterrupt:
        raise Interrupted(
            f"stopped after {len(made) + len(skipped)} of {count(len(people), 'subject')}. Run the "
            "same command again to go on."
        ) from None
    return made, skipped


def _check(row: Row, model: str, dim: int) -> None:
    if row.model == model and len(row.vector) == dim:
        return
    theirs = f"of {row.model!r}" if row.model else "of a model that is not named"
    raise ModelMismatch(
        f"row {row.number} is an embedding {theirs} ({len(row.vector)} numbers), and this gallery "
        f"holds those of {model!r} ({dim}): they never compare. Import the photos instead, in a "
        "folder with a folder for each person"
    )


def _known(recognizer: "Recognizer", subject: str) -> bool:
    """Whether the id is taken, be it by somebody who has expired."""
    try:
        recognizer.collection.subject(subject)
    except UnknownSubject:
        return False
    return True


def _enrol(
    recognizer: "Recognizer",
    subject: str,
    templates: "Sequence[tuple[Embedding, float]]",
    about: "About",
) -> int:
    embeddings, qualities = zip(*templates, strict=True)
    stored = recognizer.collection.enrol(
        subject,
        embeddings,
        qualities=qualities,
        consent_ref=about.consent_ref,
        expires_at=about.expires_at,
    )
    return len(stored)
