"""The pages' own HTML: cards, badges, scales, tables. Every text that comes in is escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal, TypeAlias

from visavis.errors import VisavisError
from visavis.ui import words

Look: TypeAlias = str
"""`good`, `bad`, `warn` or `quiet`."""


class Safe(str):
    """HTML that is ready, and not escaped again."""

    __slots__ = ()


def safe(value: object) -> str:
    """The value as HTML."""
    return value if isinstance(value, Safe) else escape(str(value))


def tag(name: str, *inner: object, look: str = "", **attributes: str) -> Safe:
    """An element of class `look` around what is inside."""
    given = {
        "class": look,
        **{key.rstrip("_").replace("_", "-"): v for key, v in attributes.items()},
    }
    told = "".join(f' {key}="{escape(value)}"' for key, value in given.items() if value)
    return Safe(f"<{name}{told}>{''.join(map(safe, inner))}</{name}>")


def joined(parts: Iterable[object]) -> Safe:
    """One after the other."""
    return Safe("".join(map(safe, parts)))


def badge(text: object, look: Look = "quiet") -> Safe:
    """A small word in a coloured frame."""
    return tag("span", text, look=f"vv-badge {look}")


def verdict(
    title: str, look: Look, words_: object = "", *more: object, role: str = "status"
) -> Safe:
    """A large card: the decision, what it means, and what belongs to it."""
    head = tag(
        "div", tag("span", _mark(look), look="vv-mark", aria_hidden="true"), title, look="vv-title"
    )
    said = tag("p", words_, look="vv-said") if words_ else ""
    return tag("section", head, said, *more, look=f"vv-verdict {look}", role=role)


def notice(text: object, look: Look = "warn") -> Safe:
    """A remark that is not to be missed."""
    return tag("div", text, look=f"vv-notice {look}", role="note")


def failure(error: VisavisError) -> Safe:
    """What went wrong."""
    return notice(words.refusal(error), "bad")


def empty(text: str) -> Safe:
    """Where there is nothing to see yet."""
    return tag("div", text, look="vv-empty")


def facts(pairs: Iterable[tuple[str, object]]) -> Safe:
    """Names and values, one a line."""
    rows = (joined((tag("dt", name), tag("dd", value))) for name, value in pairs)
    return tag("dl", *rows, look="vv-facts")


def picture(source: str, alt: str, caption: object = "") -> Safe:
    """A picture with what is to be said of it."""
    image = Safe(f'<img src="{escape(source)}" alt="{escape(alt)}">')
    return tag("figure", image, tag("figcaption", caption) if caption else "", look="vv-picture")


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], look: Literal["", "wide"] = ""
) -> Safe:
    """A table that scrolls by itself where it is too wide."""
    head = tag("tr", *(tag("th", name, scope="col") for name in columns))
    body = joined(row(columns, cells) for cells in rows)
    inner = tag("table", tag("thead", head), tag("tbody", body), look=look)
    return tag("div", inner, look="vv-table", tabindex="0")


def row(columns: Sequence[str], cells: Sequence[object], **attributes: str) -> Safe:
    """A line of a table; each cell knows its column, for screens too narrow for columns."""
    told = (tag("td", cell, data_label=name) for name, cell in zip(columns, cells, strict=True))
    return tag("tr", *told, **attributes)


def scale(score: float, threshold: float, yes: bool) -> Safe:
    """A score between 0 and 1 on a line, with the mark of the threshold."""
    at, limit = _percent(score), _percent(threshold)
    inner = (
        tag("span", look="vv-fill", style=f"width:{at}%"),
        tag("span", look="vv-limit", style=f"left:{limit}%"),
        tag("span", look="vv-dot", style=f"left:{at}%"),
    )
    label = f"score {score:.2f}, threshold {threshold:.2f}"
    line = tag("div", *inner, look="vv-line", role="img", aria_label=label)
    ends = tag(
        "div", tag("span", "0 · nothing alike"), tag("span", "1 · the same photo"), look="vv-ends"
    )
    above = tag(
        "div",
        tag("b", f"threshold {threshold:.2f}"),
        look="vv-above",
        style=f"left:{_inside(limit)}%",
    )
    look = f"vv-scale {'good' if yes else 'bad'}"
    return tag("div", tag("div", above, look="vv-track"), line, ends, look=look)


def _percent(value: float) -> float:
    return round(min(max(value, 0.0), 1.0) * 100, 1)


def _inside(percent: float) -> float:
    """So far from the edges that a word still fits."""
    return min(max(percent, 12.0), 88.0)


def _mark(look: Look) -> str:
    match look:
        case "good":
            return "✓"
        case "bad":
            return "✕"
        case "warn":
            return "!"
        case _:
            return "·"
