"""ui: the web pages, with the service behind them."""

import webbrowser
from importlib.util import find_spec
from threading import Timer
from typing import Annotated

import typer

from visavis.cli.console import note
from visavis.cli.options import (
    CheckOption,
    CollectionOption,
    FmrOption,
    FpirOption,
    GalleryOption,
    LivenessOption,
    examples,
)

_SOON = 1.0
"""Seconds from when all is loaded until a browser may ask."""

app = typer.Typer()


@app.command(
    rich_help_panel="Serve",
    epilog=examples("visavis ui", "visavis ui --open --liveness report"),
)
def ui(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on. Others than this machine's own need API keys."),
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port.")] = None,
    browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the pages in a browser.")
    ] = False,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    fmr: FmrOption = None,
    fpir: FpirOption = None,
    liveness: LivenessOption = None,
    check: CheckOption = None,
) -> None:
    """Serve the web pages, on this machine alone unless told otherwise, and say where they are.

    The REST API comes with them: see visavis serve, which has more options.
    """
    from visavis.errors import MissingExtra
    from visavis.extras import needs
    from visavis.settings import Settings

    with needs("service", "visavis ui"):
        from visavis.service.run import serve
    if find_spec("gradio") is None:
        raise MissingExtra("ui", "visavis ui")
    given = {"host": host, "port": port, "ui": True}
    settings = Settings.load(
        gallery=gallery,
        collection=collection,
        fmr=fmr,
        fpir=fpir,
        liveness=liveness,
        check=check,
        service={name: value for name, value in given.items() if value is not None},
    )
    serve(settings, lambda address: _ready(f"{address}/ui", browser))


def _ready(address: str, browser: bool) -> None:
    note(f"The pages are at {address}")
    if browser:
        timer = Timer(_SOON, webbrowser.open, (address,))
        timer.daemon = True
        timer.start()
