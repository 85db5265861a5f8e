"""report robustness: the measurement as a page with maps and examples."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, facts, note
from visavis.cli.evaluate_robustness import (
    PeopleOption,
    RateOption,
    SeedOption,
    SetArgument,
    run,
)
from visavis.cli.options import JsonOption, examples
from visavis.cli.system import (
    CacheOption,
    DetectorOption,
    EmbedderOption,
    RuntimeOption,
    open_system,
    provenance,
)
from visavis.cli.words import text
from visavis.errors import MissingExtra

if TYPE_CHECKING:
    from visavis.protocols import Detector
    from visavis.report.document import Photograph

app = typer.Typer()


@app.command(epilog=examples("visavis report robustness lfw/ --cache embedded/ --out reports/"))
def robustness(
    folder: SetArgument,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Where the page goes.")
    ] = Path("reports"),
    people: PeopleOption = 300,
    fmr: RateOption = 1e-4,
    seed: SeedOption = 0,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure as `evaluate robustness` does, and write the page: Markdown, HTML and JSON.

    The examples on it are made from a portrait in the public domain, never from
    the data set; they need the extra `demo`.
    """
    from visavis.evaluate.pages.robustness import page
    from visavis.report.write import write

    system = open_system(embedder, detector, runtime)
    dataset, result = run(system, folder, people=people, fmr=fmr, seed=seed, cache=cache)
    pictures = _examples(system.pipeline.detector, seed)
    written = write(page(result, provenance(system, dataset), pictures), out)
    names = [str(path) for path in written]
    answer(as_json, {"written": names}, lambda: facts({"written": text(", ".join(names))}))


def _examples(detector: "Detector", seed: int) -> "tuple[Photograph, ...]":
    """Sheets made from the portrait; none, and a note, where its package is missing."""
    from visavis.demo import COLLINS, portraits
    from visavis.evaluate.conditions import Scene
    from visavis.evaluate.pages.robustness_examples import examples

    try:
        portrait = portraits()[COLLINS][:260, 70:330].copy()
    except MissingExtra as missing:
        note(f"the page has no examples: {missing}")
        return ()
    faces = detector.detect(portrait)
    return examples(Scene(portrait, faces[0]), seed=seed) if faces else ()
