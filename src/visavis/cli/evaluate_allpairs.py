"""evaluate all-pairs: every picture of a set compared with every other."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from visavis.cli.console import answer, facts, note, progress, table
from visavis.cli.options import JsonOption, examples
from visavis.cli.system import (
    CacheOption,
    DetectorOption,
    EmbedderOption,
    RuntimeOption,
    System,
    open_system,
    provenance,
)
from visavis.cli.words import count, percent, score, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.lfw import Errata
    from visavis.datasets.records import Dataset
    from visavis.evaluate.allpairs import AllPairs
    from visavis.evaluate.jackknife import Estimate

app = typer.Typer()
_RATES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
_FEW = 30

People: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", exists=True, file_okay=False, help="Pictures, a folder for each person."
    ),
]
LayoutOption: TypeAlias = Annotated[
    Literal["auto", "lfw", "folder", "vggface2", "celeba", "attributes"],
    typer.Option("--layout", metavar="LAYOUT", help="How the folder is laid out."),
]
ErrataOption: TypeAlias = Annotated[
    bool,
    typer.Option("--errata/--no-errata", help="Leave out the known label errors of LFW."),
]


@app.command(
    "all-pairs",
    epilog=examples(
        "visavis evaluate all-pairs lfw/ --cache embeddings/",
        "visavis evaluate all-pairs lfw/ --weigh people --pairs alike.csv --top 500",
    ),
)
def all_pairs(
    folder: People,
    layout: LayoutOption = "auto",
    errata: ErrataOption = True,
    weigh: Annotated[
        Literal["pictures", "people"],
        typer.Option(
            "--weigh", metavar="WHAT", help="Whether each comparison counts once, or two people do."
        ),
    ] = "pictures",
    pairs: Annotated[
        Path | None,
        typer.Option(
            "--pairs",
            metavar="FILE.csv",
            dir_okay=False,
            help="Write the most alike pictures of different people here.",
        ),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=1, help="How many of them to write.")
    ] = 100,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every picture with every other: two people's are impostors, one's are genuine.

    Intervals are 95 % and take people as what is drawn. `rests on` says to how
    many equally weighty pairs of people the false matches amount: below 30 the
    rate is a few people's. --weigh people counts two people once, however many
    pictures there are of them; published results on LFW count pictures.
    """
    from visavis.datasets.layouts import read
    from visavis.evaluate.allpairs import compare_all

    dataset = read(folder, layout)
    system = open_system(embedder, detector, runtime)
    embedded = system.embedded(dataset, cache)
    known = errata_of(folder, layout) if errata else None
    with progress("comparing", len(dataset)) as advance:
        found = compare_all(embedded, errata=known, weigh=weigh, progress=advance)
    if pairs is not None:
        _write(pairs, found, top)
    for remark in dataset.notes:
        note(remark)
    failed = len(dataset) - int(embedded.usable.sum())
    answer(
        as_json,
        _document(found, system, dataset, failed),
        lambda: _view(found, system.name, failed),
    )


def errata_of(folder: Path, layout: str) -> "Errata | None":
    """The known errors, where the folder is LFW's."""
    from visavis.datasets.layouts import recognise
    from visavis.datasets.lfw import errata

    found = recognise(folder) if layout == "auto" else layout
    return errata() if found == "lfw" else None


def _write(file: Path, found: "AllPairs", top: int) -> None:
    import csv

    with file.open("w", newline="", encoding="utf-8") as opened:
        out = csv.writer(opened)
        out.writerow(["first", "second", "score"])
        out.writerows((c.first, c.second, f"{c.score:.4f}") for c in found.top(top))


def _points(found: "AllPairs") -> "list[tuple[float, float, Estimate | None, Estimate | None]]":
    """Rate, threshold, and where they can be said the estimates of FMR and FNMR at it."""
    points = []
    for rate in _RATES:
        limit = found.threshold(rate)
        exact = limit >= found.impostors.cut
        points.append(
            (
                rate,
                limit,
                found.false_matches(limit) if exact else None,
                found.false_non_matches(limit) if found.genuine_pairs else None,
            )
        )
    return points


def _document(found: "AllPairs", system: System, dataset: "Dataset", failed: int) -> dict[str, Any]:
    from visavis.report.document import plain

    return {
        "dataset": found.dataset,
        "weigh": found.weigh,
        "pictures": len(found.names),
        "people": len(found.identities),
        "no_face": failed,
        "impostor_pairs": found.impostor_pairs,
        "genuine_pairs": found.genuine_pairs,
        "eer": found.eer() if found.genuine_pairs else None,
        "points": [
            {
                "fmr": rate,
                "threshold": limit,
                "fmr_interval": None if matches is None else plain(matches.interval()),
                "rests_on": None if matches is None else matches.effective,
                "fnmr": None if misses is None else misses.value,
                "fnmr_interval": None if misses is None else plain(misses.interval()),
            }
            for rate, limit, matches, misses in _points(found)
        ],
        "provenance": plain(provenance(system, dataset)),
    }


def _view(found: "AllPairs", system: str, failed: int) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    numbers = ("FMR", "threshold", "FMR interval", "rests on", "TMR", "TMR interval")
    rows = table(*numbers, right=numbers)
    for rate, limit, matches, misses in _points(found):
        rests = text("") if matches is None else text(f"{matches.effective:,.0f}")
        if matches is not None and matches.effective < _FEW:
            rests.stylize("yellow")
        rows.add_row(
            f"{rate:.0e}",
            score(limit),
            "" if matches is None else "{:.1e} to {:.1e}".format(*matches.interval()),
            rests,
            "" if misses is None else f"{1 - misses.value:.2%}",
            "" if misses is None else _turned(misses),
        )
    impostor, genuine = f"{found.impostor_pairs:,} impostor", f"{found.genuine_pairs:,} genuine"
    return Group(
        text(f"{found.dataset}: {impostor} and {genuine} pairs", "bold"),
        Text(),
        facts(
            {
                "people": f"{len(found.identities):,}, {len(found.names):,} pictures",
                "no face": count(failed, "picture"),
                "EER": percent(found.eer()) if found.genuine_pairs else "no genuine pairs",
                "counted": "each comparison" if found.weigh == "pictures" else "two people once",
                "system": text(system),
            }
        ),
        rows,
    )


def _turned(misses: "Estimate") -> str:
    low, high = misses.interval()
    return f"{1 - high:.2%} to {1 - low:.2%}"
