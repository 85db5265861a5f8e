"""report pdf: a written page on paper."""

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.console import answer
from visavis.cli.options import JsonOption, examples
from visavis.cli.words import text
from visavis.errors import InputError

app = typer.Typer()


@app.command(
    epilog=examples(
        "visavis report pdf reports/verification.html",
        "visavis report pdf reports/verification.html --out verification.pdf",
    ),
)
def pdf(
    page: Annotated[
        Path,
        typer.Argument(
            metavar="PAGE.html", exists=True, dir_okay=False, help="A report's HTML page."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.pdf", dir_okay=False, help="Where to write."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print an HTML report to PDF on A4, with a Chromium or Chrome of this machine.

    VISAVIS_CHROMIUM names the program where it is not on the PATH.
    """
    from visavis.report.pdf import as_pdf
    from visavis.report.write import replace_file

    try:
        markup = page.read_text("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"expected an HTML page in UTF-8, got {page.name}") from None
    target = out or page.with_suffix(".pdf")
    replace_file(target, as_pdf(markup))
    answer(as_json, {"out": str(target)}, lambda: text(f"wrote {target}"))
