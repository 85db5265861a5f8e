"""report calibration: thresholds, their intervals, the fitted tail, and strangers who test them."""

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.console import answer, facts, progress
from visavis.cli.evaluate_allpairs import ErrataOption, LayoutOption, People, errata_of
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

app = typer.Typer()


@app.command(epilog=examples("visavis report calibration lfw/ --cache embedded/ --out reports/"))
def calibration(
    folder: People,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Where the page goes.")
    ] = Path("reports"),
    layout: LayoutOption = "auto",
    errata: ErrataOption = True,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Calibrate as `visavis calibrate` does, test it by searches, and write the page.

    Random galleries are searched for people who are not in them, at the
    threshold of 1 stranger in 100, and what was found is set beside what the
    table says.
    """
    from visavis.datasets.layouts import read
    from visavis.evaluate.allpairs import compare_all
    from visavis.evaluate.calibrate import calibrate
    from visavis.evaluate.fpir import measure_fpir
    from visavis.evaluate.pages.calibration import page
    from visavis.report.write import write

    dataset = read(folder, layout)
    system = open_system(embedder, detector, runtime)
    embedded = system.embedded(dataset, cache)
    known = errata_of(folder, layout) if errata else None
    with progress("comparing", len(dataset)) as advance:
        pairs = compare_all(embedded, errata=known, weigh="people", progress=advance)
    table = calibrate(pairs, errata=known)
    checks = measure_fpir(embedded, table, errata=known)
    written = write(page(pairs, table, checks, provenance(system, dataset)), out)
    names = [str(path) for path in written]
    answer(as_json, {"written": names}, lambda: facts({"written": text(", ".join(names))}))
