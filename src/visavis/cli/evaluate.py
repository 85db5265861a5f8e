"""evaluate: protocols and conditions, one command a measurement."""

import typer

app = typer.Typer(no_args_is_help=True)
