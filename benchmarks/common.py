"""What the benchmarks share: where the data are, isolation, and the verdict line."""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from visavis.build import build_pipeline
from visavis.cli.system import System
from visavis.datasets.records import Dataset
from visavis.evaluate.embedded import Embedded, embed
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.settings import Settings

CENTRAL = Policy(face="central")  # LFW centres the person who is meant


def arguments(description: str | None, **extra: object) -> argparse.Namespace:
    """`--lfw DIR` (with images/ and pairs.txt), how to build the pipeline, and `extra` flags."""
    parser = argparse.ArgumentParser(description=description)
    data = os.environ.get("VISAVIS_TEST_DATA")
    parser.add_argument("--lfw", type=Path, default=data and Path(data) / "lfw")
    parser.add_argument("--runtime", default="onnxruntime")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--embedder", default="sface-2021dec-int8bq")
    parser.add_argument("--detector", default="yunet-2023mar-int8bq")
    parser.add_argument("--cache", type=Path, help="keep embeddings here, and take them up again")
    for name, default in extra.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    found = parser.parse_args()
    if not found.lfw or not (found.lfw / "images").is_dir():
        sys.exit(
            "expected LFW: give --lfw DIR or set VISAVIS_TEST_DATA to a folder with lfw/images"
        )
    return found


@contextmanager
def isolated(**flags: object) -> Iterator[Settings]:
    """Settings whose gallery and keys live in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as folder:
        home = Path(folder)
        yield Settings.load(gallery=home / "gallery", master_key_file=home / "master.key", **flags)


def verdict(
    what: str, figure: float, bound: float, *, at_most: bool = False, unit: str = ""
) -> None:
    """Prints the figure last and exits non-zero when it falls short."""
    good = figure <= bound if at_most else figure >= bound
    sign = "<=" if at_most else ">="
    print(
        f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    print(f"{what}: {figure:.4g}{unit} (needs {sign} {bound:g}{unit}) {'ok' if good else 'SHORT'}")
    sys.exit(0 if good else 1)


def embedded_for(args: argparse.Namespace, dataset: Dataset) -> Embedded:
    """The central face of every picture, by the embedder and runtime of the arguments."""
    system = System(settings_for(args), pipeline_for(args))
    return embed(system.pipeline, dataset, system=system.name, cache=args.cache)


def lfw_people(lfw: Path) -> dict[str, list[Path]]:
    """The sorted images of each person."""
    folders = sorted(p for p in (lfw / "images").iterdir() if p.is_dir())
    return {folder.name: sorted(folder.glob("*.jpg")) for folder in folders}


def settings_for(args: argparse.Namespace) -> Settings:
    return Settings.load(
        runtime=args.runtime,
        detector=args.detector,
        embedder=args.embedder,
        precision=args.precision,
        threads=1,
    )


def pipeline_for(args: argparse.Namespace) -> Pipeline:
    return build_pipeline(settings_for(args))
