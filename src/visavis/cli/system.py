"""What is measured: the options that choose it, how it is built, and where figures come from."""

import os
import platform
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from visavis.cli.console import progress

if TYPE_CHECKING:
    from visavis.datasets.records import Dataset
    from visavis.evaluate.embedded import Embedded
    from visavis.pipeline import Pipeline
    from visavis.report.document import Provenance
    from visavis.settings import Settings

SYSTEM = "What is measured"
_LIBRARIES = ("visavis", "numpy", "onnxruntime", "opencv-python-headless")

EmbedderOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--embedder",
        metavar="MODEL",
        help="Embedder: an id, `id@flip` for a face and its mirror image, `a+b` for two fused. "
        "[dim]VISAVIS_EMBEDDER[/]",
        rich_help_panel=SYSTEM,
    ),
]
DetectorOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--detector",
        metavar="MODEL",
        help="Detector. [dim]VISAVIS_DETECTOR[/]",
        rich_help_panel=SYSTEM,
    ),
]
RuntimeOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--runtime",
        metavar="NAME",
        help="onnxruntime, openvino or opencv. [dim]VISAVIS_RUNTIME[/]",
        rich_help_panel=SYSTEM,
    ),
]
CacheOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="DIR",
        file_okay=False,
        help="Keep embeddings here (biometric data: mode 0600) and take them up again.",
        rich_help_panel=SYSTEM,
    ),
]


@dataclass(frozen=True, slots=True)
class System:
    """A pipeline and the name that stands in reports for it."""

    settings: "Settings"
    pipeline: "Pipeline"

    @property
    def name(self) -> str:
        s = self.settings
        return f"{s.detector} / {s.embedder} / {s.runtime} {s.precision}"

    def embedded(self, dataset: "Dataset", cache: Path | None) -> "Embedded":
        """The face of every picture, with a bar while it takes."""
        from visavis.evaluate.embedded import embed

        with progress(f"embedding {dataset.name}", len(dataset)) as advance:
            return embed(self.pipeline, dataset, system=self.name, cache=cache, progress=advance)


def open_system(
    embedder: str | None = None, detector: str | None = None, runtime: str | None = None
) -> System:
    """The pipeline of the settings with these flags on top."""
    from visavis.build import build_pipeline
    from visavis.settings import Settings

    settings = Settings.load(embedder=embedder, detector=detector, runtime=runtime)
    return System(settings, build_pipeline(settings))


def provenance(system: System | None, *datasets: "Dataset") -> "Provenance":
    """Command, versions, digests and machine of this run; folders of the machine left out."""
    from visavis.build import cards_of
    from visavis.report.document import Provenance

    words = [Path(w).name if Path(w).is_absolute() else w for w in sys.argv[1:]]
    return Provenance(
        command=shlex.join(["visavis", *words]),
        versions={name: metadata.version(name) for name in _LIBRARIES}
        | {"python": platform.python_version()},
        machine=f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        models={} if system is None else {c.id: c.sha256 for c in cards_of(system.settings)},
        data={d.name: d.digest for d in datasets},
        made_on=datetime.now(UTC).date().isoformat(),
    )
