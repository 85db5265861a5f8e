"""version: of visavis and of what it stands on."""

import platform
from importlib import metadata

import typer

from visavis import __version__
from visavis.cli.console import answer, facts
from visavis.cli.options import JsonOption, examples

app = typer.Typer()
PARTS = ("numpy", "opencv-python-headless", "onnxruntime", "cryptography", "SQLAlchemy", "pillow")


@app.command(rich_help_panel="Look after it", epilog=examples("visavis version --json"))
def version(as_json: JsonOption = False) -> None:
    """Say the versions of visavis, Python and the main libraries."""
    parts = {"python": platform.python_version(), **{p: installed(p) or "missing" for p in PARTS}}
    answer(
        as_json,
        {"visavis": __version__, "platform": platform.platform(), **parts},
        lambda: facts({"visavis": __version__, **parts, "platform": platform.platform()}),
    )


def installed(distribution: str) -> str | None:
    """The installed version of a package, or None; nothing is imported."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
