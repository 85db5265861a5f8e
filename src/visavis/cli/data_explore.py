"""data explore: what is in a set of pictures, and what should be put right before it is used."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from visavis.cli.console import answer, facts, progress, show
from visavis.cli.options import JsonOption, examples, open_rate
from visavis.cli.system import (
    CacheOption,
    DetectorOption,
    EmbedderOption,
    RuntimeOption,
    System,
    open_system,
    provenance,
)
from visavis.cli.words import count, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.records import Dataset, PadSet
    from visavis.evaluate.embedded import Embedded
    from visavis.evaluate.explore import Exploration
    from visavis.evaluate.files import Files
    from visavis.report.document import Provenance

app = typer.Typer()

SetArgument: TypeAlias = Annotated[
    Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="A set of pictures.")
]
LayoutOption: TypeAlias = Annotated[
    Literal["auto", "lfw", "folder", "vggface2", "celeba", "attributes"],
    typer.Option("--layout", metavar="NAME", help="How DIR is laid out."),
]
AgainstOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--against",
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="A second set, such as a test set: look for pictures and people in both.",
    ),
]
AlikeOption: TypeAlias = Annotated[
    float,
    typer.Option(
        "--fmr",
        metavar="RATE",
        callback=open_rate,
        help="Two people look alike above the threshold of this false-match rate.",
    ),
]
MapOption: TypeAlias = Annotated[
    bool, typer.Option("--tsne/--no-tsne", help="Also map embeddings by t-SNE, some seconds.")
]
OutOption: TypeAlias = Annotated[
    Path, typer.Option("--out", metavar="OUT", file_okay=False, help="Folder of the report.")
]


@app.command(
    epilog=examples(
        "visavis data explore lfw/ --report reports/",
        "visavis data explore train/ --against test/ --json",
        "visavis data explore nuaa/ --pad",
    )
)
def explore(
    folder: SetArgument,
    layout: LayoutOption = "auto",
    against: AgainstOption = None,
    pad: Annotated[
        bool, typer.Option("--pad", help="DIR holds bona fide presentations and attacks.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="OUT", file_okay=False, help="Write the page here."),
    ] = None,
    fmr: AlikeOption = 1e-6,
    tsne: MapOption = False,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look into a set of pictures before anybody trains or tests on it.

    Counts and balance, quality, duplicates, pictures unlike the rest of their
    identity, identities that look alike; with --against what two sets share;
    with --pad what would let an attack detector cheat. Suspects are named by
    file, never as verdicts.
    """
    from visavis.report.document import plain

    system = open_system(embedder, detector, runtime)
    found, source = explored(system, folder, layout, against, cache, pad=pad, fmr=fmr, tsne=tsne)
    if report is not None:
        written = write_page(found, source, report)
    document = {"exploration": plain(found.findings()), "provenance": plain(source)}
    answer(as_json, document, lambda: _view(found))
    if report is not None and not as_json:
        for path in written:
            show(text(path))


def explored(
    system: System,
    folder: Path,
    layout: "LayoutOption" = "auto",
    against: Path | None = None,
    cache: Path | None = None,
    *,
    pad: bool = False,
    fmr: float = 1e-6,
    tsne: bool = True,
) -> "tuple[Exploration, Provenance]":
    """Reads, embeds and explores the set in a folder, and a second one to compare it with."""
    from visavis.evaluate.explore import explore

    dataset, presentations = _read(folder, layout, pad)
    other = None if against is None else _read(against, layout, pad)[0]
    second = None if other is None else _look(system, other, cache)
    found = explore(
        *_look(system, dataset, cache),
        system.pipeline.embedder.calibration,
        against=second,
        pad=presentations,
        fmr=fmr,
        tsne=tsne,
    )
    return found, provenance(system, dataset, *([] if other is None else [other]))


def write_page(found: "Exploration", source: "Provenance", out: Path) -> list[Path]:
    """Writes the report that suits the set, and gives the paths of its pages."""
    from visavis.report.write import write

    if found.pad is None:
        from visavis.evaluate.pages.dataset import page
    else:
        from visavis.evaluate.pages.pad_data import page
    return [path for path in write(page(found, source), out) if path.parent == out]


def _read(folder: Path, layout: "LayoutOption", pad: bool) -> "tuple[Dataset, PadSet | None]":
    from visavis.datasets.layouts import read
    from visavis.datasets.pad import read_pad

    if not pad:
        return read(folder, layout), None
    presentations = read_pad(folder)
    return presentations.dataset, presentations


def _look(system: System, dataset: "Dataset", cache: Path | None) -> "tuple[Embedded, Files]":
    from visavis.evaluate.files import read_files

    with progress(f"reading {dataset.name}", len(dataset)) as advance:
        files = read_files(dataset, advance)
    return system.embedded(dataset, cache), files


def _view(found: "Exploration") -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    dataset, made = found.embedded.dataset, found.duplicates
    faces = int(found.embedded.usable.sum())
    failed = ", ".join(f"{code} {n:,}" for code, n in found.failures.items())
    rows: dict[str, RenderableType] = {
        "faces": f"{faces:,} of {len(dataset):,}",
        "no face": text(failed) if failed else "",
        "attributes": text(", ".join(found.values)) if found.values else "",
        "duplicates": f"{made.extra:,} beyond the first, {made.exact:,} byte for byte; "
        f"{count(len(made.across), 'group')} across identities",
    }
    rows |= _people(found) | _leakage(found) | _presentations(found)
    titled = text(f"{dataset.name}: {len(dataset):,} pictures", "bold")
    return Group(titled, Text(), facts(rows))


def _people(found: "Exploration") -> dict[str, "RenderableType"]:
    who, outliers, alike = found.identities, found.outliers, found.look_alikes
    if outliers is None or alike is None:
        return {}
    suspects = [text(f"{o.name} {o.cosine:.3f}") for o in outliers.suspects[:5]]
    pairs = [text(f"{a.first} / {a.second} {a.means:.3f}") for a in alike.people[:5]]
    return {
        "identities": f"{who.people:,}, {who.single:,} with one picture; worth "
        f"{who.effective:,.0f} equal ones, Gini {who.gini:.2f}",
        "suspect labels": f"{outliers.unlike:,} of {outliers.compared:,} pictures have cosine "
        f"under {outliers.limit:.3f} to the rest of their identity",
        "": _lines(suspects),
        "look-alikes": f"{alike.similar_people:,} of {alike.people_pairs:,} pairs of identities "
        f"reach {alike.limit:.3f} (chance: {alike.chance_people:.2g} or somewhat more)",
        " ": _lines(pairs),
    }


def _lines(texts: "Sequence[RenderableType]") -> "RenderableType":
    from rich.console import Group

    return Group(*texts) if texts else ""


def _leakage(found: "Exploration") -> dict[str, "RenderableType"]:
    leak = found.leakage
    if leak is None:
        return {}
    return {
        "leakage": text(
            f"{leak.pictures:,} pictures of {leak.second} are in both sets; {leak.doubles_total:,} "
            f"of {leak.people_pairs:,} pairs of identities reach {leak.limit:.3f} (chance: "
            f"{leak.chance:.2g} or somewhat more); {count(len(leak.names), 'name')} in both"
        )
    }


def _presentations(found: "Exploration") -> dict[str, "RenderableType"]:
    pad = found.pad
    if pad is None:
        return {}
    clues = [c for c in (*pad.joint, *pad.container, *pad.scene) if c.helps]
    shown = ", ".join(f"{c.name} {c.strength:.2f}" for c in clues)
    made = pad.recordings
    return {
        "species": text(", ".join(f"{name} {n:,}" for name, n in pad.species.items())),
        "shortcuts": text(shown or "none found"),
        "recordings": f"{made.count:,}; {made.repeated:,} of {made.pictures:,} pictures nearly "
        "repeat another of their own",
    }
