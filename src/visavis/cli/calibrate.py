"""calibrate: thresholds by false-match rate, measured on your own pictures or gallery."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.console import answer, facts, note, progress, table
from visavis.cli.evaluate_allpairs import ErrataOption, LayoutOption, errata_of
from visavis.cli.options import CollectionOption, GalleryOption, JsonOption, examples
from visavis.cli.system import (
    CacheOption,
    DetectorOption,
    EmbedderOption,
    RuntimeOption,
    System,
    open_system,
)
from visavis.cli.words import count, score, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.layouts import Layout
    from visavis.datasets.lfw import Errata
    from visavis.gallery.collection import Collection
    from visavis.policy import Calibration

app = typer.Typer()
PANEL = "Measure"


@app.command(
    rich_help_panel=PANEL,
    epilog=examples(
        "visavis calibrate people/ --out own.json",
        "visavis calibrate --enrolled --gallery gallery/ --out own.json",
        "VISAVIS_CALIBRATION=own.json visavis verify ada door.jpg",
    ),
)
def calibrate(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR", exists=True, file_okay=False, help="Pictures, a folder for each person."
        ),
    ] = None,
    enrolled: Annotated[
        bool,
        typer.Option("--enrolled", help="Calibrate on the templates of the gallery instead."),
    ] = False,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    layout: LayoutOption = "auto",
    errata: ErrataOption = True,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="TEXT", help="What the file says it was measured on."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE.json", dir_okay=False, help="Write the calibration file here."
        ),
    ] = None,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure which score stands for which false-match rate on your own people.

    Pictures of different people are compared, all with all; two people count
    once, however many pictures there are of them. A rate is measured while its
    false matches amount to 30 pairs of people: with one picture each, about 250
    people for 1e-3 and 800 for 1e-4; more pictures of each help some. Below, down to a
    hundredth, a fitted tail says the threshold and decisions are marked as
    extrapolated; lower rates are refused.

    One person under two names ruins the low rates: look at the top of
    [bold]visavis evaluate all-pairs DIR --pairs FILE.csv[/] first. The file
    holds rates and thresholds and names nobody.
    """
    if (folder is not None) == (enrolled or gallery is not None):
        raise typer.BadParameter("expected either DIR or --enrolled")
    if folder is None:
        model, found = _of_gallery(gallery, collection, name)
    else:
        known = errata_of(folder, layout) if errata else None
        system = open_system(embedder, detector, runtime)
        model, found = _of_folder(system, folder, layout, known, name, cache)
    if out is not None:
        from visavis.models.calibration import save

        save(out, model, found)
    answer(as_json, _document(model, found, out), lambda: _view(model, found, out))


def _of_folder(
    system: System,
    folder: Path,
    layout: "Layout",
    known: "Errata | None",
    name: str | None,
    cache: Path | None,
) -> "tuple[str, Calibration]":
    """The model and the table of the people in a folder."""
    from visavis.datasets.layouts import read
    from visavis.evaluate.calibrate import calibrate as measure

    dataset = read(folder, layout)
    embedded = system.embedded(dataset, cache)
    with progress("comparing", len(dataset)) as advance:
        found = measure(embedded, errata=known, name=name, progress=advance)
    if failed := len(dataset) - int(embedded.usable.sum()):
        note(f"{count(failed, 'picture')} gave no face and took no part")
    return embedded.model, found


def _of_gallery(
    folder: Path | None, collection: str | None, name: str | None
) -> "tuple[str, Calibration]":
    """The model and the table of the open collection; nobody is named."""
    from visavis.cli.context import open_collection
    from visavis.evaluate.allpairs import compare_vectors
    from visavis.evaluate.calibrate import calibrate as measure
    from visavis.settings import Settings

    settings = Settings.load(gallery=folder, collection=collection)
    with open_collection(settings) as opened:
        model = opened.model
        vectors, owners = _templates(opened)
    title = name or "the templates of a gallery"
    with progress("comparing", len(owners)) as advance:
        pairs = compare_vectors(
            vectors, owners, dataset=title, model=model, weigh="people", progress=advance
        )
    return model, measure(pairs)


def _templates(collection: "Collection") -> tuple[Any, list[str]]:
    """(N, dim) vectors and a number for the subject of each; the expired are left out."""
    import numpy as np

    from visavis.errors import BadDataset, UnknownSubject

    vectors, owners = [], []
    for number, subject in enumerate(collection.subjects()):
        try:
            templates = collection.templates(subject.id)
        except UnknownSubject:  # expired, or forgotten meanwhile
            continue
        vectors += [template.embedding.vector for template in templates]
        owners += [str(number)] * len(templates)
    if not vectors:
        raise BadDataset("expected templates to calibrate on, the collection has none")
    return np.stack(vectors), owners


def _document(model: str, found: "Calibration", out: Path | None) -> dict[str, Any]:
    return {
        "model": model,
        "dataset": found.dataset,
        "pairs": found.pairs,
        "identities": found.identities,
        "measured": found.measured,
        "points": [
            {
                **dict(zip(("fmr", "threshold", "low", "high"), point, strict=False)),
                "extrapolated": _beyond(found, point[0]),
            }
            for point in found.points
        ],
        "file": None if out is None else str(out),
    }


def _beyond(found: "Calibration", fmr: float) -> bool:
    return found.threshold(fmr).extrapolated


def _view(model: str, found: "Calibration", out: Path | None) -> "RenderableType":
    from rich.console import Group

    numbers = ("FMR", "threshold", "95 % interval")
    rows = table(*numbers, "", right=numbers)
    for fmr, limit, *ends in found.points:
        remark = text("extrapolated", "yellow") if _beyond(found, fmr) else text("measured", "dim")
        interval = "{:.1e} to {:.1e}".format(*ends) if ends else ""
        rows.add_row(f"{fmr:.1e}", score(limit), interval, remark)
    return Group(
        facts(
            {
                "model": text(model),
                "measured on": text(found.dataset),
                "people": f"{found.identities:,}, {found.pairs:,} impostor pairs",
                "measured down to": f"{found.measured:.1e}" if found.measured else "",
                "claimed down to": f"{found.points[-1][0]:.1e}; lower rates are refused",
            }
        ),
        rows,
        text(f"written to {out}: name it in VISAVIS_CALIBRATION", "dim") if out else text(""),
    )
