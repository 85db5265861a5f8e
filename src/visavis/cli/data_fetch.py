"""data list and data fetch: where sets come from, on what terms."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.console import answer, facts, note, progress, table
from visavis.cli.options import JsonOption, examples
from visavis.cli.run import Exit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.sources import Source

app = typer.Typer()


@app.command("list", epilog=examples("visavis data list"))
def list_(as_json: JsonOption = False) -> None:
    """List known sets of faces: their terms, and how to get them."""
    from visavis.datasets.sources import CATALOGUE

    answer(as_json, {"sources": [_document(s) for s in CATALOGUE]}, lambda: _list(CATALOGUE))


@app.command(
    epilog=examples("visavis data fetch lfw-funneled --to data/lfw", "visavis data fetch celeba")
)
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A set of `visavis data list`.")],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", file_okay=False, help="Folder; by default NAME."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Download a set's files, check them and unpack them; go on where a download broke off.

    A set that is not freely offered is not downloaded: the command says its terms
    and how to get it, and the exit code is 1.
    """
    from visavis.datasets.fetch import fetch as fetch_file
    from visavis.datasets.sources import source

    found, folder = source(name), to or Path(name)
    made: list[Path] = []
    if not as_json:
        note(f"{found.title}: {found.terms}")
    for file in found.files:
        with progress(file.name, file.bytes, unit="bytes") as advance:
            made += fetch_file(file, folder, progress=advance)
    document = _document(found) | {"files": made}
    answer(as_json, document, lambda: _fetched(found, folder, made))
    raise typer.Exit(Exit.YES if made else Exit.NO)


def _document(source: "Source") -> dict[str, Any]:
    return {
        "name": source.name,
        "title": source.title,
        "terms": source.terms,
        "citation": source.citation,
        "page": source.page,
        "downloads": [file.name for file in source.files],
        "instructions": source.instructions,
    }


def _list(sources: Sequence["Source"]) -> "RenderableType":
    rows = table("name", "set", "how", "terms")
    for source in sources:
        how = f"visavis data fetch {source.name}" if source.files else "by hand: see data fetch"
        rows.add_row(source.name, source.title, how, source.terms)
    return rows


def _fetched(source: "Source", folder: Path, made: Sequence[Path]) -> "RenderableType":
    from visavis.cli.words import text

    rows: dict[str, RenderableType] = {}
    if made:
        rows["in"] = text(folder)
        rows["files"] = text(", ".join(path.name for path in made))
    else:
        rows["how to get it"] = text(source.instructions.replace("DIR", str(folder)))
    return facts(rows | {"page": source.page, "cite": source.citation})
