"""report fairness: the page about false matches by group."""

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.console import show
from visavis.cli.evaluate_fairness import ByOption, KeepOption, Labelled, RatesOption, measured
from visavis.cli.options import examples
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


@app.command(
    epilog=examples("visavis report fairness fairface/ --out reports/"),
)
def fairness(
    folder: Labelled,
    out: Annotated[
        Path, typer.Option("--out", metavar="OUT", file_okay=False, help="Folder of the report.")
    ],
    fmr: RatesOption = None,
    by: ByOption = None,
    keep_doubles: KeepOption = False,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
) -> None:
    """Write a page about false matches by group: Markdown, HTML and JSON."""
    from visavis.evaluate.pages.fairness import page
    from visavis.report.write import write

    system = open_system(embedder, detector, runtime)
    dataset, result = measured(system, folder, fmr, by, keep_doubles, cache)
    written = write(page(result, provenance(system, dataset)), out)
    for path in written:
        if path.parent == out:
            show(text(path))
