"""evaluate container: how well the files alone tell attacks from live people."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, facts, progress
from visavis.cli.options import JsonOption, examples
from visavis.cli.system import provenance
from visavis.cli.words import text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.evaluate.clues import Clue

app = typer.Typer()


@app.command(epilog=examples("visavis evaluate container nuaa/", "visavis evaluate container s/"))
def container(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", exists=True, file_okay=False, help="Bona fide and attack presentations."
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Say how well a set's files give its attacks away, without looking at a pixel.

    Two classifiers see size, quantisation tables, chroma, dimensions and the
    order of markers, and are tested on people they have not seen. An area under
    the ROC near 0.5 is what a set should have; where it is high, a network can
    learn the files instead of the faces.
    """
    from visavis.datasets.pad import read_pad
    from visavis.evaluate.container import control
    from visavis.report.document import plain

    pad = read_pad(folder)
    with progress("reading files", len(pad.dataset)) as advance:
        found = control(pad, advance)
    document = {"container": plain(found) | {"best": plain(found.best)}}
    view: dict[str, RenderableType] = {t.classifier: text(_area(t.clue)) for t in found.told}
    view["files"] = text(f"{found.pictures:,} of {found.dataset}, {found.unreadable:,} unreadable")
    answer(
        as_json,
        document | {"provenance": plain(provenance(None, pad.dataset))},
        lambda: facts(view),
    )


def _area(clue: "Clue") -> str:
    return f"AUC {clue.auc:.3f} ({clue.low:.3f} to {clue.high:.3f}); 0.5 is chance"
