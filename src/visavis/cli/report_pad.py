"""report pad: the page about presentation attack detection."""

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.console import show
from visavis.cli.evaluate_pad import LimitOption, Presentations, ScoresOption, tried
from visavis.cli.options import ApcerOption, BpcerOption, CheckOption, examples
from visavis.cli.words import text

app = typer.Typer()


@app.command(
    epilog=examples(
        "visavis report pad nuaa/ --out reports/",
        "visavis report pad nuaa/ --scores scores.csv --threshold 0.5 --out reports/",
    ),
)
def pad(
    folder: Presentations,
    out: Annotated[
        Path, typer.Option("--out", metavar="OUT", file_okay=False, help="Folder of the report.")
    ],
    scores: ScoresOption = None,
    threshold: LimitOption = None,
    check: CheckOption = None,
    bpcer: BpcerOption = None,
    apcer: ApcerOption = None,
) -> None:
    """Write a page about attack detection: Markdown, HTML and JSON."""
    from visavis.evaluate.pages.pad import page
    from visavis.report.write import write

    done = tried(folder, scores, threshold, check=check, bpcer=bpcer, apcer=apcer)
    written = write(page(done.rated(), done.provenance, done.shown.dataset.name), out)
    for path in written:
        if path.parent == out:
            show(text(path))
