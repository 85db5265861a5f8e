"""report liveness: the page that compares liveness checks."""

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.console import answer, facts
from visavis.cli.options import JsonOption, examples
from visavis.cli.system import provenance
from visavis.cli.words import text

app = typer.Typer()


@app.command(epilog=examples("visavis report liveness nuaa.json simulated.json --out reports/"))
def liveness(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULTS.json...",
            exists=True,
            dir_okay=False,
            help="Scores of checks on sets, one file or several.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Where the page goes.")
    ] = Path("reports"),
    as_json: JsonOption = False,
) -> None:
    """Write the page that compares liveness checks: Markdown, HTML and JSON.

    The files hold scores, from which every rate is derived; those of several
    runs are joined.
    """
    from dataclasses import replace

    from visavis.evaluate.liveness import load
    from visavis.evaluate.pages.liveness import page
    from visavis.report.write import write

    found = load(results)
    data = {s.name: s.digest for s in found.sets if s.digest}
    written = write(page(found, replace(provenance(None), data=data)), out)
    names = [str(path) for path in written]
    answer(as_json, {"written": names}, lambda: facts({"written": text(", ".join(names))}))
