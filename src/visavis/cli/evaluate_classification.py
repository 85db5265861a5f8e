"""evaluate classification: who of the known people is it, and how often is that right?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from visavis.cli.console import answer, facts, table
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
from visavis.cli.words import count, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.records import Dataset
    from visavis.evaluate.classification import ClassificationResult, ClosedSet

app = typer.Typer()
_HARDEST = 10


@app.command(
    epilog=examples(
        "visavis evaluate classification lfw/",
        "visavis evaluate classification staff/ --least 4 --train 2 --method nearest-neighbour",
    ),
)
def classification(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", exists=True, file_okay=False, help="A set with identities."),
    ],
    method: Annotated[
        Literal["nearest-mean", "nearest-neighbour"],
        typer.Option("--method", metavar="NAME", help="nearest-mean or nearest-neighbour."),
    ] = "nearest-mean",
    least: Annotated[
        int, typer.Option("--least", min=2, help="Only people with so many pictures or more.")
    ] = 10,
    train: Annotated[
        int, typer.Option("--train", min=1, help="Pictures a person to learn from.")
    ] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Draws the pictures to learn from.")] = 0,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure closed-set classification: every probe shows one of the people learnt.

    The rest of each person's pictures are the probes. Pictures without a face
    are in no figure; they are counted beside. Nobody is ever unknown here: for
    strangers see [bold]evaluate identification[/].
    """
    from visavis.evaluate.classification import classifier, closed_set, split

    system = open_system(embedder, detector, runtime)
    dataset, embedded = _embedded(system, folder, cache)
    rows = split(embedded, least=least, train=train, seed=seed)
    result = closed_set(embedded, rows, classifier(method))
    answer(
        as_json,
        {
            "classification": _document(result, rows, method, train, seed),
            "provenance": _plain(provenance(system, dataset)),
        },
        lambda: _view(result, rows, method, train),
    )


def _embedded(system: System, folder: Path, cache: Path | None) -> tuple["Dataset", Any]:
    from visavis.datasets.layouts import read

    dataset = read(folder)
    return dataset, system.embedded(dataset, cache)


def _plain(value: object) -> Any:
    from visavis.report.document import plain

    return plain(value)


def _document(
    result: "ClassificationResult", rows: "ClosedSet", method: str, train: int, seed: int
) -> dict[str, Any]:
    return {
        "method": method,
        "people": len(rows.people),
        "train_per_person": train,
        "seed": seed,
        "failed": rows.failed,
        "accuracy": _plain(result.accuracy) | {"value": result.accuracy.value},
        "macro": {"precision": result.precision, "recall": result.recall, "f1": result.f1},
        "classes": _plain(result.classes),
    }


def _view(
    result: "ClassificationResult", rows: "ClosedSet", method: str, train: int
) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    rate = result.accuracy
    worst = sorted(result.classes, key=lambda c: (c.f1, -c.support))[:_HARDEST]
    numbers = ("precision", "recall", "F1", "probes")
    hardest = table("hardest", *numbers, right=numbers)
    for one in worst:
        figures = (f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}")
        hardest.add_row(text(one.label), *figures, str(one.support))
    return Group(
        text(f"Closed set of {count(len(rows.people), 'person', 'people')}, {method}", "bold"),
        Text(),
        facts(
            {
                "learnt from": f"{count(train, 'picture')} each",
                "accuracy": f"{100 * rate.value:.2f} % ({rate.events:,} of {rate.trials:,}), "
                f"{100 * rate.low:.2f} % to {100 * rate.high:.2f} %",
                "macro": f"precision {result.precision:.4f}, recall {result.recall:.4f}, "
                f"F1 {result.f1:.4f}",
                "no face": count(rows.failed, "picture"),
            }
        ),
        hardest,
    )
