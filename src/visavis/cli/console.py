"""What reaches the terminal: answers on stdout, everything else on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

T = TypeVar("T")
Advance: TypeAlias = Callable[[int, int | None], None]
"""Called with how much is done, and of how much, where that is known."""

_ASCII = {"✓": "+", "✗": "x", "?": "?", "!": "!", "·": "-", "━": "=", "─": "-", "●": "o", "┃": "|"}


def out() -> "Console":
    """The console of answers; never wraps when it is not a terminal."""
    return _console(stderr=False)


def err() -> "Console":
    """The console of errors, notes, questions and progress."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = 1000
    return console


def answer(
    as_json: bool, document: Mapping[str, Any], view: Callable[[], "RenderableType"]
) -> None:
    """Prints a command's result: the document as JSON, or the view for people."""
    if as_json:
        write_json(document)
    else:
        show(view())


def show(view: "RenderableType") -> None:
    """Prints for people; away from a terminal without padding at the ends of lines."""
    console = out()
    if console.is_terminal:
        console.print(view)
        return
    with console.capture() as printed:
        console.print(view)
    sys.stdout.writelines(line.rstrip() + "\n" for line in printed.get().splitlines())
    sys.stdout.flush()


def write_json(document: Mapping[str, Any]) -> None:
    """The one JSON document of a run, on stdout."""
    sys.stdout.write(json.dumps(document, indent=2, default=_plain) + "\n")
    sys.stdout.flush()


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case Path():
            return str(value)
        case _:
            raise TypeError(f"no JSON for {type(value).__name__}")


def note(text: str) -> None:
    """A remark for people, on stderr, so that it never mixes with an answer."""
    err().print(f"{marked('!')} {clean(text)}", style="yellow", markup=False, soft_wrap=True)


def clean(text: object) -> str:
    """The text without characters that could steer a terminal."""
    return "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(text)
    )


def marked(text: str) -> str:
    """The marks as they are, or plain ASCII where the terminal cannot show them."""
    if (sys.stdout.encoding or "ascii").lower().startswith("utf"):
        return text
    return "".join(_ASCII.get(c, c) for c in text)


def table(*columns: str, right: tuple[str, ...] = ()) -> "Table":
    """An empty table in the house style; the columns in `right` hold numbers."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, header_style="dim", border_style="dim", pad_edge=False)
    for name in columns:
        number = name in right
        made.add_column(
            name, justify="right" if number else "left", no_wrap=number, overflow="fold"
        )
    return made


def facts(rows: Mapping[str, "RenderableType"]) -> "RenderableType":
    """Names and values, one a line; empty values are left out."""
    from rich.padding import Padding
    from rich.table import Table

    grid = Table.grid(padding=(0, 3))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows.items():
        if value != "":
            grid.add_row(name, value)
    return Padding(grid, (0, 0, 0, 2))


@contextmanager
def progress(what: str, total: int | None = None, *, unit: str = "items") -> Iterator[Advance]:
    """A bar with rate and time left on stderr, on a terminal alone; yields how to move it."""
    console = err()
    if not console.is_terminal:
        yield lambda done, of: None
        return
    from rich.progress import Progress

    with Progress(*_columns(unit), console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def follow(what: str, total: int, work: Iterable[T]) -> list[T]:
    """All that `work` yields, with a bar while it does."""
    done: list[T] = []
    with progress(what, total) as advance:
        for item in work:
            done.append(item)
            advance(len(done), total)
    return done


def _columns(unit: str) -> tuple[Any, ...]:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Items a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "", style="dim")

    amount, speed = (
        (DownloadColumn(), TransferSpeedColumn())
        if unit == "bytes"
        else (MofNCompleteColumn(), Rate())
    )
    text = TextColumn("{task.description}", markup=False)
    return text, BarColumn(32), amount, speed, TimeRemainingColumn(compact=True)
