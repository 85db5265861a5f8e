"""report dataset and report pad-data: what `data explore` finds, as pages."""

from pathlib import Path

import typer

from visavis.cli.console import answer, facts
from visavis.cli.data_explore import (
    AgainstOption,
    AlikeOption,
    LayoutOption,
    MapOption,
    OutOption,
    SetArgument,
    explored,
    write_page,
)
from visavis.cli.options import JsonOption, examples
from visavis.cli.system import (
    CacheOption,
    DetectorOption,
    EmbedderOption,
    RuntimeOption,
    open_system,
)
from visavis.cli.words import text

app = typer.Typer()


@app.command(epilog=examples("visavis report dataset lfw/ --cache embedded/ --out reports/"))
def dataset(
    folder: SetArgument,
    out: OutOption = Path("reports"),
    layout: LayoutOption = "auto",
    against: AgainstOption = None,
    fmr: AlikeOption = 1e-6,
    tsne: MapOption = True,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a page about a set of pictures: balance, quality, duplicates, suspect labels."""
    system = open_system(embedder, detector, runtime)
    made = explored(system, folder, layout, against, cache, fmr=fmr, tsne=tsne)
    _told(write_page(*made, out), as_json)


@app.command("pad-data", epilog=examples("visavis report pad-data nuaa/ --out reports/"))
def pad_data(
    folder: SetArgument,
    out: OutOption = Path("reports"),
    against: AgainstOption = None,
    tsne: MapOption = True,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a page about a set for attack detection: species, splits, shortcuts to the label."""
    system = open_system(embedder, detector, runtime)
    made = explored(system, folder, against=against, cache=cache, pad=True, tsne=tsne)
    _told(write_page(*made, out), as_json)


def _told(written: list[Path], as_json: bool) -> None:
    names = [str(path) for path in written]
    answer(as_json, {"written": names}, lambda: facts({"written": text(", ".join(names))}))
