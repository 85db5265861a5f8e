"""data: fetch, prepare and explore sets of pictures."""

import typer

from visavis.cli import data_augment, data_explore, data_fetch, data_prepare

app = typer.Typer(no_args_is_help=True)
app.add_typer(data_fetch.app)
app.add_typer(data_prepare.app)
app.add_typer(data_augment.app)
app.add_typer(data_explore.app)
