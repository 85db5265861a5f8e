"""Measures again and rewrites the reports in docs/reports, with the data in VISAVIS_TEST_DATA.

Embeddings are kept in out/embedded, so that a second run measures without embedding; delete the
folder to begin anew. Embedders whose weights are not on this machine are left out of the page.
"""

import os
import subprocess
import sys
from pathlib import Path

from visavis.build import build_weights, cards_of
from visavis.errors import VisavisError
from visavis.settings import Settings

ROOT = Path(__file__).parents[1]
CACHE = ["--cache", str(ROOT / "out" / "embedded")]
SFACE, MOBILE, DLIB = "sface-2021dec-int8bq", "mobilefacenet", "dlib-resnet-v1"
WHOLE = (SFACE, f"{SFACE}@flip", MOBILE, f"{SFACE}+{MOBILE}")
BRIEF = (f"{SFACE}@flip+{MOBILE}@flip", DLIB)


def main() -> None:
    data = os.environ.get("VISAVIS_TEST_DATA")
    if not data or not Path(data, "lfw").is_dir():
        sys.exit(
            "expected VISAVIS_TEST_DATA to name a folder with lfw, fairface and pad/nuaa_train"
        )
    lfw = str(Path(data, "lfw"))
    embedders = [flag for name in WHOLE if present(name) for flag in ("--embedder", name)]
    embedders += [flag for name in BRIEF if present(name) for flag in ("--brief", name)]
    run("dataset", lfw, *CACHE)
    run("pad-data", str(Path(data, "pad", "nuaa_train")))
    run("model", "--lfw", lfw, *embedders, *CACHE)
    run("calibration", lfw, *CACHE)
    run("robustness", lfw, *CACHE)
    run("fairness", str(Path(data, "fairface")), *CACHE)
    run("testing", lfw)


def present(embedder: str) -> bool:
    """Whether the weights of all its parts are on this machine, and what runs them."""
    try:
        settings = Settings.load(embedder=embedder)
        for card in cards_of(settings):
            build_weights(settings).locate(card)
        if embedder == DLIB:
            import dlib  # noqa: F401
    except (VisavisError, ModuleNotFoundError) as missing:
        print(f"left out {embedder}: {missing}")
        return False
    return True


def run(*words: str) -> None:
    command = [sys.executable, "-m", "visavis", "report", *words, "--out", "docs/reports"]
    print("visavis report", words[0], flush=True)
    subprocess.run(command, check=True, cwd=ROOT)


main()
