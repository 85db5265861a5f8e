"""doctor: is everything there that recognition needs, and is it safe?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from visavis.cli.console import answer, marked
from visavis.cli.options import GalleryOption, JsonOption, examples
from visavis.cli.run import Exit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.cli.checks import Check

app = typer.Typer()
MARKS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red")}


@app.command(
    rich_help_panel="Look after it", epilog=examples("visavis doctor", "visavis doctor --json")
)
def doctor(gallery: GalleryOption = None, as_json: JsonOption = False) -> None:
    """Check this installation: packages, models, keys, gallery, speed, disk.

    Each line is ok, warn or fail, with what to do. Changes nothing.
    Exit code 3: something fails.
    """
    from visavis.cli.checks import examine
    from visavis.settings import Settings

    found = list(examine(Settings.load(gallery=gallery)))
    failed = any(check.status == "fail" for check in found)
    answer(as_json, _document(found), lambda: _view(found))
    raise typer.Exit(Exit.SYSTEM if failed else Exit.YES)


def _document(found: "Sequence[Check]") -> dict[str, Any]:
    checks = [
        {"name": c.name, "status": c.status, "detail": c.detail, "advice": c.advice or None}
        for c in found
    ]
    return {"healthy": all(c.status != "fail" for c in found), "checks": checks}


def _view(found: "Sequence[Check]") -> "RenderableType":
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from visavis.cli.words import text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for check in found:
        mark, style = MARKS[check.status]
        grid.add_row(Text(marked(mark), style), Text(check.name, "bold"), text(check.detail))
        if check.advice:
            grid.add_row("", "", text(check.advice, style if check.status != "ok" else "dim"))
    return Padding(grid, (1, 0, 1, 1))
