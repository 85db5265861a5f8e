"""Where a passphrase comes from: never from the command line itself, which others can see."""

import os
import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

PassphraseOption: TypeAlias = Annotated[
    bool, typer.Option("--passphrase", help="Ask for the passphrase on the terminal.")
]
PassphraseFileOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Read the passphrase from the first line of a file. [dim]Or VISAVIS_PASSPHRASE.[/]",
    ),
]


def passphrase(ask: bool, file: Path | None, *, new: bool) -> str:
    """The passphrase from `file`, from a question, or from VISAVIS_PASSPHRASE, in this order.

    A new one is asked for twice. Raises BadParameter when there is nobody to ask.
    """
    if file is not None:
        lines = file.read_text(encoding="utf-8").splitlines()
        found = lines[0] if lines else ""
    elif not ask and "VISAVIS_PASSPHRASE" in os.environ:
        found = os.environ["VISAVIS_PASSPHRASE"]
    elif ask or sys.stdin.isatty():
        found = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True)
    else:
        raise typer.BadParameter(
            "expected a passphrase: --passphrase asks for it, --passphrase-file FILE reads it, "
            "or set VISAVIS_PASSPHRASE"
        )
    if not found:
        raise typer.BadParameter("expected a passphrase, got an empty one")
    return str(found)
