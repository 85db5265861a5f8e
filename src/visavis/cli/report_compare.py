"""report compare: two results of one kind, figure by figure."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, note, table
from visavis.cli.options import JsonOption, examples
from visavis.cli.system import provenance
from visavis.cli.words import count, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.report.compare import Comparison

app = typer.Typer()
COLOURS = {"better": "green", "worse": "red", "higher": "yellow", "lower": "yellow"}


@app.command(
    epilog=examples(
        "visavis report compare before/verification.json after/verification.json",
        "visavis report compare sface.json mobilefacenet.json --report compared/",
    ),
)
def compare(
    first: Annotated[
        Path,
        typer.Argument(metavar="A.json", exists=True, dir_okay=False, help="A report's JSON file."),
    ],
    second: Annotated[
        Path,
        typer.Argument(metavar="B.json", exists=True, dir_okay=False, help="Another of its kind."),
    ],
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", file_okay=False, help="Write a page about it."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say where B is better or worse than A, and where they cannot be told apart.

    Every figure with an interval is tested at 5 %, corrected for the number of
    tests (Holm); outcomes of the same pairs and folds of the same data are
    compared pair by pair. Plain numbers are listed without a claim.
    """
    from visavis.report.compare import compare as compare_results
    from visavis.report.compare import read
    from visavis.report.compare_page import document, page, warning

    found = compare_results(read(first), read(second))
    if said := warning(found):
        note(said)
    if report is not None:
        from visavis.report.write import write

        for path in write(page(found, provenance(None)), report):
            note(f"wrote {path}")
    answer(as_json, document(found), lambda: _view(found))


def _view(found: "Comparison") -> "RenderableType":
    from rich.console import Group

    from visavis.report.compare_page import figure, interval

    rows = table("figure", "A", "B", "difference", "95 %", "p", "B is", right=("A", "B", "p"))
    for one in found.tested:
        rows.add_row(
            text(one.path),
            figure(one.first),
            figure(one.second),
            f"{one.difference:+.3g}",
            interval(one),
            "" if one.adjusted is None else f"{one.adjusted:.2g}",
            text(one.verdict, COLOURS.get(one.verdict, "dim")),
        )
    plain = sum(1 for one in found.findings if one.adjusted is None and one.difference)
    lines = [
        text(f"{count(len(found.tested), 'figure')} tested; p is corrected for so many (Holm)."),
        text(f"{count(plain, 'other figure')} differ without a claim; --json lists them."),
    ]
    if found.unmatched:
        lines.append(text(f"{count(len(found.unmatched), 'figure')} stand in one file alone."))
    return Group(rows, *lines) if found.tested else Group(*lines)
