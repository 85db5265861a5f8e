"""The live picture of streams in a terminal: one line each, and what was told last."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from visavis.cli.console import err, marked, show, table
from visavis.cli.words import text
from visavis.gallery.sighting import Kind, Sighted

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from visavis.cli.watching import Journal
    from visavis.video.monitor import Monitor, MonitorStatus

_LINES = 8
_MARKS: dict[Kind, tuple[str, str]] = {
    Kind.ENTERED: ("·", "dim"),
    Kind.IDENTIFIED: ("✓", "green"),
    Kind.UNKNOWN: ("?", "yellow"),
    Kind.SPOOF_SUSPECTED: ("!", "red"),
    Kind.LEFT: ("·", "dim"),
}
_STATES = {"running": "green", "ended": "dim", "failed": "red", "closed": "dim"}
REFRESH: Final = 0.25
"""Seconds between two pictures."""


@contextmanager
def dashboard(
    monitors: "Sequence[Monitor]", journal: "Journal", *, quiet: bool = False
) -> Iterator[Callable[[], None]]:
    """Yields what is to be called again and again: it draws anew on a terminal, and elsewhere
    prints each event once, a line each, on stdout; then it waits a little. `quiet` prints nothing.
    """
    console = err()
    if quiet:
        yield lambda: time.sleep(REFRESH)
        return
    if not console.is_terminal:
        yield lambda: _pause(journal)
        _print(journal)
        return
    from rich.live import Live

    with Live(console=console, auto_refresh=False, transient=True) as live:

        def draw() -> None:
            live.update(picture(monitors, list(journal.told)), refresh=True)
            time.sleep(REFRESH)

        yield draw


def picture(monitors: "Sequence[Monitor]", told: Sequence[Sighted]) -> "RenderableType":
    """The table of streams, and the newest events below it."""
    from rich.console import Group

    numbers = ("in view", "fps", "lag", "dropped", "again")
    rows = table("stream", "state", *numbers, right=numbers)
    for monitor in monitors:
        rows.add_row(text(monitor.name), *_cells(monitor.status()))
    return Group(rows, *(event_line(one) for one in told[-_LINES:]))


def event_line(one: Sighted) -> "Text":
    """An event as one line."""
    mark, style = _MARKS[one.kind]
    who = one.subject or ("somebody" if one.kind is not Kind.UNKNOWN else "a stranger")
    score = "" if one.score is None or one.kind is not Kind.IDENTIFIED else f"  {one.score:.3f}"
    words = one.kind.value.replace("_", " ")
    clock = one.at.astimezone().strftime("%H:%M:%S")
    return text(f"{clock} {marked(mark)} {who} {words}{score}  ({one.camera})", style)


def _cells(status: "MonitorStatus") -> "tuple[Text | str, ...]":
    reading = status.reading
    state = status.error or reading.last_error if reading.state == "waiting" else reading.state
    return (
        text(status.error or state or "", _STATES.get(reading.state, "yellow")),
        str(status.people),
        f"{status.fps:.1f}",
        f"{status.lag * 1000:.0f} ms",
        str(reading.dropped),
        str(reading.reconnects),
    )


def _pause(journal: "Journal") -> None:
    _print(journal)
    time.sleep(REFRESH)


def _print(journal: "Journal") -> None:
    """Prints what was not printed yet."""
    while journal.fresh:
        show(event_line(journal.fresh.popleft()))
