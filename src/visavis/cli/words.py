"""How figures and decisions read."""

from datetime import datetime

from rich.text import Text

from visavis.cli.console import clean, marked
from visavis.types import Decision, Liveness, Threshold

DECISIONS: dict[Decision, tuple[str, str]] = {
    "match": ("✓", "green"),
    "unknown": ("·", "dim"),
    "ambiguous": ("?", "yellow"),
    "low_quality": ("!", "yellow"),
    "not_live": ("!", "yellow"),
}
BAR = 40


def text(value: object, style: str = "") -> Text:
    """A text of the user's, harmless to the terminal."""
    return Text(clean(value), style=style)


def verdict(yes: bool, words: str) -> Text:
    """A line that begins with a green tick or a red cross."""
    mark, style = ("✓", "bold green") if yes else ("✗", "bold red")
    return Text(f"{marked(mark)} {clean(words)}", style=style)


def decided(decision: Decision) -> Text:
    """A decision of an identification with its mark."""
    mark, style = DECISIONS[decision]
    return Text(f"{marked(mark)} {decision.replace('_', ' ')}", style=style)


def lively(found: Liveness | None) -> Text:
    """What a liveness check said, in a word or two with its mark; nothing where none looked."""
    match found:
        case None:
            return Text()
        case Liveness(score=None):
            return Text(marked("? cannot tell"), style="yellow")
        case Liveness(live=True):
            return Text(marked("✓ live"), style="green")
        case _:
            words = f"not live, {found.species}" if found.species else "not live"
            return text(marked(f"✗ {words}"), "red")


def score(value: float | None) -> str:
    """A similarity to three places; nothing for None."""
    return "" if value is None else f"{value:.3f}"


def percent(rate: float) -> str:
    """A rate as a percentage, never rounded to zero: 0.01 is `1 %`, 1e-4 is `0.01 %`."""
    return f"{rate * 100:.3g} %" if rate >= 1e-6 else f"{rate:.1e}"


def stands_for(threshold: Threshold, rate_name: str) -> str:
    """The error rate behind a threshold, in words."""
    if threshold.rate is None:
        return "set by hand, stands for no stated rate"
    tail = ", extrapolated beyond the measured rates" if threshold.extrapolated else ""
    return f"{rate_name} {percent(threshold.rate)}{tail}"


def scale(value: float, limit: float) -> Text:
    """The score as a bar from 0 to 1 with the threshold marked in it."""
    filled, at = (round(min(max(x, 0.0), 1.0) * BAR) for x in (value, limit))
    style = "green" if value >= limit else "red"
    cells = [("━", style) if i < filled else ("─", "dim") for i in range(BAR)]
    cells.insert(at, ("┃", "bold"))
    return Text.assemble(*((marked(cell), look) for cell, look in cells))


def size(count: float) -> str:
    """Bytes in the largest unit that leaves a figure above 1."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def moment(at: datetime | None, zone: str = " UTC") -> str:
    """A time to the minute, in UTC as stored; a table says the zone in its head instead."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}{zone}"


def count(number: int, noun: str, many: str | None = None) -> str:
    """`1 photo`, `2 photos`."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"
