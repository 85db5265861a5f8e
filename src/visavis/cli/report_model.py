"""report model: verification, identification and speed of one or more embedders on LFW."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, facts, progress
from visavis.cli.options import JsonOption, examples
from visavis.cli.system import (
    SYSTEM,
    CacheOption,
    DetectorOption,
    RuntimeOption,
    System,
    open_system,
    provenance,
)
from visavis.cli.words import text

if TYPE_CHECKING:
    from visavis.datasets.records import PairList
    from visavis.evaluate.embedded import Embedded
    from visavis.evaluate.pages.model import Everything, Measured
    from visavis.report.document import Provenance

app = typer.Typer()
_TIMED = 200


@app.command(
    epilog=examples(
        "visavis report model --lfw lfw/ --cache embedded/ --out reports/",
        "visavis report model --lfw lfw/ --embedder mobilefacenet --brief dlib-resnet-v1",
    ),
)
def model(
    lfw: Annotated[
        Path,
        typer.Option(
            "--lfw",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="A folder of LFW, with lists.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Where the page goes.")
    ] = Path("reports"),
    embedder: Annotated[
        list[str] | None,
        typer.Option(
            "--embedder",
            metavar="MODEL",
            help="Measure this one; several times for several. [dim]VISAVIS_EMBEDDER[/]",
            rich_help_panel=SYSTEM,
        ),
    ] = None,
    brief: Annotated[
        list[str] | None,
        typer.Option(
            "--brief",
            metavar="MODEL",
            help="And this one on the 6,000 pairs alone: for slow embedders.",
            rich_help_panel=SYSTEM,
        ),
    ] = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure embedders on LFW and write the page: Markdown, HTML and JSON.

    View 2, all pairs with and without known label errors, open-set
    identification and speed. The first embedder leads the page.
    """
    from visavis.datasets.pairs import read_pairs
    from visavis.evaluate.pages.model import page
    from visavis.report.write import write

    pairs = read_pairs(lfw / "pairs.txt", lfw)
    chosen: list[str | None] = [*embedder] if embedder else [None]
    systems = [open_system(name, detector, runtime) for name in chosen]
    short = [open_system(name, detector, runtime) for name in brief or []]
    measured = [_all(system, pairs, cache) for system in systems]
    measured += [_brief(system, pairs, cache) for system in short]
    origin = _merged([provenance(s, pairs.dataset) for s in (*systems, *short)])
    names = [str(path) for path in write(page(measured, origin), out)]
    answer(as_json, {"written": names}, lambda: facts({"written": text(", ".join(names))}))


def _all(system: System, pairs: "PairList", cache: Path | None) -> "Measured":
    from visavis.datasets.lfw import cleaned, errata
    from visavis.evaluate import latency
    from visavis.evaluate.identification import identify_open
    from visavis.evaluate.pages.model import Measured
    from visavis.evaluate.verification import verify_pairs

    embedded = system.embedded(pairs.dataset, cache)
    pictures = [p.path for p in pairs.dataset.pictures]
    some = pictures[:: max(len(pictures) // _TIMED, 1)]
    with progress("timing", len(some)) as advance:
        timed = latency.measure(system.pipeline, some, system=system.name, progress=advance)
    known = embedded.of(cleaned(pairs.dataset, errata()))
    return Measured(
        system.settings.embedder,
        verify_pairs(embedded, pairs),
        _everything(embedded),
        identify_open(known),
        timed,
    )


def _brief(system: System, pairs: "PairList", cache: Path | None) -> "Measured":
    from visavis.evaluate.pages.model import Measured
    from visavis.evaluate.verification import verify_pairs

    rows = sorted(set(pairs.pairs[:, :2].ravel().tolist()))
    named = pairs.dataset.only(pairs.dataset.pictures[row].name for row in rows)
    return Measured(system.settings.embedder, verify_pairs(system.embedded(named, cache), pairs))


def _everything(embedded: "Embedded") -> "Everything":
    from visavis.datasets.lfw import errata
    from visavis.evaluate.allpairs import compare_all
    from visavis.evaluate.pages.model import Everything

    known = errata()
    return Everything(compare_all(embedded, errata=known), compare_all(embedded), known)


def _merged(origins: "list[Provenance]") -> "Provenance":
    """One origin with the models of all."""
    from dataclasses import replace

    models = {name: sha for origin in origins for name, sha in origin.models.items()}
    return replace(origins[0], models=models)
