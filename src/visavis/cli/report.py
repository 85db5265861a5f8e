"""report: measured results as pages that people read, and two of them compared."""

import typer

app = typer.Typer(no_args_is_help=True)
