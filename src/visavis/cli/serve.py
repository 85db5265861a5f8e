"""serve: the REST service, and with the extra `ui` its web pages."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

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

SERVICE = "Service"

app = typer.Typer()


@app.command(
    rich_help_panel="Serve",
    epilog=examples(
        "visavis serve",
        "visavis serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --liveness require",
    ),
)
def serve(
    host: Annotated[
        str | None,
        typer.Option(
            help="Address to listen on. Others than this machine's own need API keys.",
            rich_help_panel=SERVICE,
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port.", rich_help_panel=SERVICE)
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Certificate.", rich_help_panel=SERVICE)
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Its key.", rich_help_panel=SERVICE)
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Threads that work on pictures.", rich_help_panel=SERVICE),
    ] = None,
    ui: Annotated[
        bool | None, typer.Option("--ui/--no-ui", help="Web pages.", rich_help_panel=SERVICE)
    ] = None,
    log_format: Annotated[
        Literal["console", "json"] | None,
        typer.Option(metavar="FORMAT", help="console or json.", rich_help_panel=SERVICE),
    ] = None,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    fmr: FmrOption = None,
    fpir: FpirOption = None,
    liveness: LivenessOption = None,
    check: CheckOption = None,
) -> None:
    """Serve the REST API and the web pages, on this machine alone unless told otherwise.

    Everything else is set in the table [service] of config.toml, or by
    VISAVIS_SERVICE__PORT and so on: see visavis config show.
    """
    from visavis.extras import needs
    from visavis.settings import Settings

    with needs("service", "visavis serve"):
        from visavis.service.run import serve as run

    given = {
        "host": host,
        "port": port,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "workers": workers,
        "ui": ui,
        "log_format": log_format,
    }
    settings = Settings.load(
        gallery=gallery,
        collection=collection,
        fmr=fmr,
        fpir=fpir,
        liveness=liveness,
        check=check,
        service={name: value for name, value in given.items() if value is not None} or None,
    )
    run(settings, lambda address: announce(address, pages=settings.service.ui))


def announce(address: str, *, pages: bool) -> None:
    """Says where the service is, and its pages where they can be shown, on stderr."""
    where = f", its pages are at {address}/ui" if pages and find_spec("gradio") else ""
    note(f"Visavis serves {address}/v1{where}; Ctrl-C ends it")
