"""evaluate identification: finding who is enrolled, and turning strangers away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, facts, note, table
from visavis.cli.options import JsonOption, examples
from visavis.cli.system import (
    CacheOption,
    DetectorOption,
    EmbedderOption,
    RuntimeOption,
    open_system,
    provenance,
)
from visavis.cli.words import count, score, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.evaluate.identification import IdentificationResult, SearchPoint
    from visavis.evaluate.rates import Rate

app = typer.Typer()
SHOWN = (1, 2, 5, 10, 20, 50)
_NO_STRANGERS = "  no strangers, so no FPIR: --held-out makes some"


@app.command(
    epilog=examples(
        "visavis evaluate identification lfw/ --cache embedded/",
        "visavis evaluate identification photos/ --enrol 3 --held-out 0.3",
    ),
)
def identification(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", exists=True, file_okay=False, help="A set of people, a folder each."
        ),
    ],
    enrol: Annotated[
        int, typer.Option("--enrol", metavar="N", min=1, help="Pictures enrolled a person.")
    ] = 1,
    probes: Annotated[
        int, typer.Option("--probes", metavar="N", min=1, help="Searches a person, at most.")
    ] = 3,
    held_out: Annotated[
        float,
        typer.Option(
            "--held-out",
            metavar="SHARE",
            min=0,
            max=0.99,
            help="Share of people with pictures enough who are strangers all the same.",
        ),
    ] = 0.0,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Draws strangers and intervals.")
    ] = 0,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure open-set identification: FNIR at a FPIR, and who comes first.

    People with more than --enrol pictures are enrolled with the first of them
    and searched for with the next; people with fewer are strangers. A search
    misses (FNIR) unless the right person comes first and reaches the threshold;
    a stranger who is named is a false positive (FPIR). Intervals are 95 % and
    take people, not pictures, as what is drawn.
    """
    from visavis.datasets.layouts import read
    from visavis.evaluate.identification import identify_open
    from visavis.report.document import plain

    dataset = read(folder)
    system = open_system(embedder, detector, runtime)
    embedded = system.embedded(dataset, cache)
    result = identify_open(
        embedded,
        enrol_per_subject=enrol,
        probes_per_subject=probes,
        held_out=held_out,
        seed=seed,
    )
    for remark in result.notes:
        note(remark)
    source = plain(provenance(system, dataset))
    document = {"identification": result.summary(), "provenance": source}
    answer(as_json, document, lambda: _view(result))


def _view(result: "IdentificationResult") -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    ranks = (f"{k}: {_share(result.cmc[k - 1])}" for k in SHOWN if k <= result.people)
    failed = (
        f"{count(result.failed_people, 'person', 'people')} enrolled, "
        f"{count(result.failed_probes, 'probe')}, {count(result.failed_strangers, 'stranger')}"
    )
    return Group(
        text(
            f"{result.name}: {count(result.people, 'person', 'people')} enrolled, "
            f"{count(result.probes, 'search', 'searches')} for them, {result.strangers:,} by "
            "strangers",
            "bold",
        ),
        Text(),
        facts(
            {
                "comes first": _rate(result.rank_one),
                "within rank": ", ".join(ranks),
                "no face": failed,
                "system": text(result.system),
            }
        ),
        _points(result.points, result.strangers)
        if result.points
        else text(_NO_STRANGERS, "yellow"),
    )


def _points(points: "tuple[SearchPoint, ...]", strangers: int) -> "RenderableType":
    numbers = ("FPIR", "threshold", "FNIR", "95 % interval", "misnamed", "strangers named")
    rows = table(*numbers, "", right=numbers)
    for point in points:
        remark = "" if point.supported else f"{strangers:,} strangers' searches are too few"
        rows.add_row(
            _share(point.fpir, 1),
            score(point.threshold),
            _share(point.fnir.value),
            f"{_share(point.fnir.low)} to {_share(point.fnir.high)}",
            _share(point.misidentified.value),
            f"{point.false_positives.events:,} of {point.false_positives.trials:,}",
            text(remark, "yellow"),
        )
    return rows


def _share(value: float, places: int = 2) -> str:
    return f"{100 * value:.{places}f} %"


def _rate(found: "Rate") -> str:
    part = f"{found.events:,} of {found.trials:,}"
    return f"{_share(found.value)} ({part}), {_share(found.low)} to {_share(found.high)}"
