"""report pad: the page about presentation attack detection."""

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.console import show
from visavis.cli.evaluate_pad import LiveOption, Presentations, ScoresOption, measured
from visavis.cli.options import examples
from visavis.cli.system import provenance
from visavis.cli.words import text

app = typer.Typer()


@app.command(
    epilog=examples("visavis report pad nuaa/ --scores scores.csv --threshold 0.5 --out reports/"),
)
def pad(
    folder: Presentations,
    scores: ScoresOption,
    threshold: LiveOption,
    out: Annotated[
        Path, typer.Option("--out", metavar="OUT", file_okay=False, help="Folder of the report.")
    ],
) -> None:
    """Write a page about attack detection: Markdown, HTML and JSON."""
    from visavis.evaluate.pages.pad import page
    from visavis.report.write import write

    shown, result = measured(folder, scores, threshold)
    written = write(page(result, provenance(None, shown.dataset), shown.dataset.name), out)
    for path in written:
        if path.parent == out:
            show(text(path))
