"""evaluate verification: a list of pairs by its protocol."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from visavis.cli.console import answer, facts, note, table
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
from visavis.cli.words import count, score, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.records import Dataset, PairList
    from visavis.evaluate.bootstrap import Estimate
    from visavis.evaluate.rates import Rate
    from visavis.evaluate.verification import OperatingPoint, VerificationResult

app = typer.Typer()
CHOSEN = {
    "other folds": "for each fold on the other folds",
    "development": "on the development list",
    "same pairs": "on the pairs themselves: optimistic",
}


@app.command(
    epilog=examples(
        "visavis evaluate verification --lfw lfw/",
        "visavis evaluate verification pairsDevTest.txt --images lfw/ --dev pairsDevTrain.txt",
        "visavis evaluate verification cfp/Protocol --images cfp/ --kind cfp --part FF",
    ),
)
def verification(
    pairs: Annotated[
        Path | None,
        typer.Argument(metavar="PAIRS", help="A list of pairs, or CFP's folder Protocol."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option("--images", metavar="DIR", exists=True, file_okay=False, help="The pictures."),
    ] = None,
    lfw: Annotated[
        Path | None,
        typer.Option(
            "--lfw",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="A folder of LFW: stands for DIR/pairs.txt (View 2) and --images DIR.",
        ),
    ] = None,
    kind: Annotated[
        Literal["auto", "lfw", "cfp", "csv"],
        typer.Option("--kind", help="Format of the list.", metavar="KIND"),
    ] = "auto",
    part: Annotated[
        Literal["FF", "FP"],
        typer.Option("--part", metavar="PART", help="CFP: frontal pairs FF, or with profiles FP."),
    ] = "FP",
    dev: Annotated[
        Path | None,
        typer.Option("--dev", metavar="PAIRS", help="A list to choose the threshold on."),
    ] = None,
    errors: Annotated[
        Path | None,
        typer.Option(
            "--errors", metavar="FILE.csv", dir_okay=False, help="Write the wrong decisions here."
        ),
    ] = None,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure 1:1 verification on a list of pairs: LFW, CFP, or a list of your own.

    Accuracy is the protocol's: in each fold at the threshold that is best on
    the other folds; for a list without folds at the threshold of --dev. A pair
    with a picture that gave no face counts as wrong. Intervals are 95 % and
    take people, not pairs, as what is drawn.

    With --cache all pictures of the set are embedded, so that other protocols
    find them; without it only those that the pairs name.
    """
    from visavis.datasets.pairs import read_pairs
    from visavis.evaluate.verification import verify_pairs

    pairs, images = _where(pairs, images, lfw)
    listed = read_pairs(pairs, images, kind, part=part)
    development = None if dev is None else read_pairs(dev, images, kind, part=part)
    dataset = _needed(listed, development, everything=cache is not None)
    system = open_system(embedder, detector, runtime)
    embedded = system.embedded(dataset, cache)
    result = verify_pairs(embedded, listed, development=development)
    if errors is not None:
        _write_errors(errors, listed, result)
    for remark in result.notes:
        note(remark)
    answer(as_json, _document(result, system, dataset), lambda: _view(result))


def _where(pairs: Path | None, images: Path | None, lfw: Path | None) -> tuple[Path, Path]:
    """The list and the pictures: as given, or where LFW has them."""
    if lfw is not None:
        pairs, images = pairs or lfw / "pairs.txt", images or lfw
    if pairs is None or images is None:
        raise typer.BadParameter("expected PAIRS and --images DIR, or --lfw DIR")
    return pairs, images


def _needed(pairs: "PairList", development: "PairList | None", *, everything: bool) -> "Dataset":
    """The pictures to embed: the sets of both lists, or what the pairs name of them."""
    from visavis.datasets.records import Dataset

    found = {}
    for listed in [pairs] if development is None else [pairs, development]:
        named = set(listed.pairs[:, :2].ravel().tolist())
        for row, picture in enumerate(listed.dataset.pictures):
            if everything or row in named:
                found[picture.name] = picture
    return Dataset(pairs.dataset.name, pairs.dataset.root, tuple(found.values()))


def _document(result: "VerificationResult", system: System, dataset: "Dataset") -> dict[str, Any]:
    from visavis.report.document import plain

    return {
        "verification": result.summary(),
        "provenance": plain(provenance(system, dataset)),
    }


def _write_errors(file: Path, pairs: "PairList", result: "VerificationResult") -> None:
    """The pairs decided wrongly: names, truth, score (empty without a face), threshold."""
    import csv

    compared, pictures = result.compared, pairs.dataset.pictures
    with file.open("w", newline="", encoding="utf-8") as opened:
        out = csv.writer(opened)
        out.writerow(["first", "second", "same", "score", "threshold"])
        for row in (~result.correct).nonzero()[0].tolist():
            first, second, same = pairs.pairs[row].tolist()
            found = f"{compared.scores[row]:.4f}" if compared.seen[row] else ""
            limit = f"{result.folds[compared.fold[row]].threshold:.4f}"
            out.writerow([pictures[first].name, pictures[second].name, same, found, limit])


def _view(result: "VerificationResult") -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    genuine = int(result.compared.genuine.sum())
    impostor = len(result.correct) - genuine
    c = result.confusion
    return Group(
        text(f"{result.name}: {genuine:,} genuine and {impostor:,} impostor pairs", "bold"),
        Text(),
        facts(
            {
                "accuracy": _accuracy(result),
                "best accuracy": f"{_share(result.best_accuracy)} at {score(result.best_threshold)}"
                ", chosen on the pairs themselves",
                "threshold": f"chosen {CHOSEN[result.chosen_on]}",
                "false matches": _rate(result.far),
                "false non-matches": _rate(result.frr),
                "precision": f"{_share(c.precision)}, recall {_share(c.recall)}, F1 {_share(c.f1)}",
                "AUC": _estimate(result.auc, 3),
                "EER": _estimate(result.eer),
                "no face": count(result.failed_pictures, "picture"),
                "system": text(result.system),
            }
        ),
        _points(result.points, impostor),
    )


def _accuracy(result: "VerificationResult") -> str:
    if result.accuracy is None:
        return "not measured: it needs folds or --dev"
    if result.standard_error is None:
        return _estimate(result.accuracy)
    error = f"± {100 * result.standard_error:.2f} % (standard error of {len(result.folds)} folds)"
    found = result.accuracy
    return f"{_share(found.value)} {error}, {_share(found.low)} to {_share(found.high)}"


def _points(points: "tuple[OperatingPoint, ...]", impostor: int) -> "RenderableType":
    numbers = ("FMR", "threshold", "TMR", "95 % interval")
    rows = table(*numbers, "", right=numbers)
    for point in points:
        remark = "" if point.supported else f"{impostor:,} impostor pairs are too few"
        rows.add_row(
            f"{point.fmr:.0e}",
            score(point.threshold),
            _share(point.tmr.value),
            f"{_share(point.tmr.low)} to {_share(point.tmr.high)}",
            text(remark, "yellow"),
        )
    return rows


def _share(value: float, places: int = 2) -> str:
    return f"{100 * value:.{places}f} %"


def _estimate(found: "Estimate", places: int = 2) -> str:
    value = _share(found.value, places)
    if found.low != found.low:  # NaN
        return f"{value}, no interval: too little to go by"
    return f"{value}, {_share(found.low, places)} to {_share(found.high, places)}"


def _rate(found: "Rate") -> str:
    part = f"{found.events:,} of {found.trials:,}"
    return f"{_share(found.value)} ({part}), {_share(found.low)} to {_share(found.high)}"
