"""report testing: the live pipeline on scripted streams, as a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, facts, note, progress
from visavis.cli.options import CheckOption, FpirOption, JsonOption, examples
from visavis.cli.system import (
    DetectorOption,
    EmbedderOption,
    RuntimeOption,
    System,
    provenance,
)
from visavis.cli.words import text
from visavis.errors import MissingExtra

if TYPE_CHECKING:
    from visavis.datasets.records import Dataset
    from visavis.evaluate.streams.measure import Streams
    from visavis.protocols import Detector
    from visavis.report.document import Photograph

app = typer.Typer()


@app.command("testing", epilog=examples("visavis report testing lfw/ --people 40 --out reports/"))
def report_testing(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", exists=True, file_okay=False, help="LFW, or a folder for each person."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Where the page goes.")
    ] = Path("reports"),
    people: Annotated[
        int,
        typer.Option(
            "--people", metavar="N", min=1, help="How many are enrolled and shown; work grows."
        ),
    ] = 20,
    enrolled: Annotated[
        int,
        typer.Option("--enrolled", metavar="N", min=1, help="How many are enrolled in all."),
    ] = 200,
    fpir: FpirOption = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Of people, photos and scenes.")
    ] = 0,
    check: CheckOption = None,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    runtime: RuntimeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show scripted streams to the live pipeline, and write the page of what came of it.

    People of the set stand before a wall, under light, angles, coverings and
    blur in steps; then their photos are presented as prints, on screens and
    frozen, with liveness required. [bold]All scenes are pasted photographs and
    all attacks simulated[/]: they test the pipeline, not a camera.
    """
    from visavis.build import build_pipeline
    from visavis.evaluate.pages.testing import page
    from visavis.report.write import write
    from visavis.settings import Settings

    settings = Settings.load(
        embedder=embedder,
        detector=detector,
        runtime=runtime,
        check=check,
        fpir=fpir,
        liveness="require",
    )
    system = System(settings, build_pipeline(settings))
    dataset, result = _run(system, folder, people=people, enrolled=enrolled, seed=seed)
    for remark in result.notes:
        note(remark)
    pictures = _examples(system.pipeline.detector, seed)
    written = write(page(result, provenance(system, dataset), pictures), out)
    names = [str(path) for path in written]
    answer(as_json, {"written": names}, lambda: facts({"written": text(", ".join(names))}))


def _run(
    system: System, folder: Path, *, people: int, enrolled: int, seed: int
) -> "tuple[Dataset, Streams]":
    """The set in a folder, and what was measured on it; known errors of LFW are left out."""
    from visavis.build import build_eyes
    from visavis.datasets.layouts import read
    from visavis.datasets.lfw import errata
    from visavis.evaluate.streams.measure import measure

    dataset = read(folder)
    with progress("watching streams", 1) as advance:
        result = measure(
            system.pipeline,
            build_eyes(system.pipeline.detector),
            dataset,
            people=people,
            enrolled=enrolled,
            seed=seed,
            policy=system.settings.policy,
            check=_checks(system),
            errata=errata() if dataset.name == "LFW" else None,
            progress=advance,
        )
    return dataset, result


def _checks(system: System) -> str:
    """What the settings' liveness check consists of."""
    from visavis.build import checks_of

    return " + ".join(c.id for c in checks_of(system.settings)) or system.settings.check


def _examples(detector: "Detector", seed: int) -> "tuple[Photograph, ...]":
    """Sheets made from two portraits; none, and a note, where their packages are missing."""
    from visavis.demo import portraits
    from visavis.evaluate.conditions import Scene
    from visavis.evaluate.pages.testing_examples import examples

    try:
        images = list(portraits().values())
    except MissingExtra as missing:
        note(f"the page has no examples: {missing}")
        return ()
    scenes = [Scene(image, faces[0]) for image in images if (faces := detector.detect(image))]
    return examples(scenes, seed) if scenes else ()
