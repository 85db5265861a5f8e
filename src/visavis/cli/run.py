"""How a run ends: exit codes, and errors as one line or one JSON document."""

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import takewhile
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from visavis.cli.console import clean, err, marked, write_json
from visavis.errors import DuplicateSubject, InputError, UnknownSubject, VisavisError


class Exit(IntEnum):
    """What the exit code of a run says."""

    YES = 0
    """It is a match, somebody was identified, or the work is done."""
    NO = 1
    """The answer is no: no match, nobody identified, a question declined."""
    INPUT = 2
    """The arguments or the pictures cannot be used."""
    SYSTEM = 3
    """Gallery, model, settings or machine are at fault."""
    INTERRUPTED = 130
    """Ctrl-C."""


class Interrupted(Exception):
    """Raised by a command that was stopped by Ctrl-C and knows how far it got."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as the user sees it."""

    code: str
    message: str
    exit: Exit


class Cli(TyperGroup):
    """The root command: whatever a command raises becomes an exit code and one clear line."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        words = list(sys.argv[1:] if args is None else args)
        _forgive_encodings()
        try:
            code = super().main(words, prog_name, complete_var, False, windows_expand_args, **extra)
            if code == Exit.INTERRUPTED:
                raise Interrupted("interrupted")
        except Exception as error:
            code = _report(failure(error), "--json" in takewhile(lambda w: w != "--", words))
            if os.environ.get("VISAVIS_DEBUG") and code == Exit.SYSTEM:
                traceback.print_exc()
        sys.exit(code or Exit.YES)


def failure(error: Exception) -> Failure:
    """The code, message and exit code that stand for an exception."""
    match error:
        case Interrupted():
            return Failure("interrupted", str(error), Exit.INTERRUPTED)
        case typer.Abort():
            return Failure("interrupted", "cancelled, nothing was done", Exit.INTERRUPTED)
        case typer.TyperException():
            return Failure("usage", _usage(error), Exit.INPUT)
        case InputError() | UnknownSubject() | DuplicateSubject():
            return Failure(error.code, str(error), Exit.INPUT)
        case VisavisError():
            return Failure(error.code, str(error), Exit.SYSTEM)
        case OSError():
            what = f"{error.strerror or type(error).__name__}"
            where = f": {error.filename}" if error.filename else ""
            return Failure("system", what + where, Exit.SYSTEM)
        case _:
            hint = "this is a defect of visavis; VISAVIS_DEBUG=1 shows where"
            return Failure("internal", f"{type(error).__name__}: {error} ({hint})", Exit.SYSTEM)


def _usage(error: typer.TyperException) -> str:
    """What is wrong with the arguments, and where to read more; empty after a help page."""
    context = getattr(error, "ctx", None)
    message = " ".join(error.format_message().split())
    return f"{message} See `{context.command_path} --help`." if message and context else message


def _report(fault: Failure, as_json: bool) -> Exit:
    if as_json:
        write_json({"error": {"code": fault.code, "message": fault.message}})
    elif fault.message:
        mark = marked("!" if fault.exit == Exit.INTERRUPTED else "✗")
        line = f"{mark} {clean(fault.message)} ({fault.code})"
        style = "yellow" if fault.exit == Exit.INTERRUPTED else "red"
        err().print(line, style=style, markup=False, soft_wrap=True)
    return fault.exit


def _forgive_encodings() -> None:
    """A terminal that lacks a character shows a stand-in instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
