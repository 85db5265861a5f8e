"""Axes, legends and tick labels that drawings share; all labels are plain text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.report.style import DASHES, INK, MARKERS, PALETTE, TEXT, WIDTH
from visavis.report.words import clean, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

LINE: Final = 19
"""Pixels of a line of a legend."""
_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def numbers(values: ArrayLike) -> NDArray[np.float64]:
    """The values as a flat array; infinities become NaN, which is not drawn."""
    flat = np.asarray(values, np.float64).ravel()
    return np.where(np.isfinite(flat), flat, np.nan)


def look(place: int) -> dict[str, Any]:
    """Colour and dashes of the n-th of several; no two of the first thirty are the same."""
    turn = place + place // (len(PALETTE) * len(DASHES))
    return {"color": PALETTE[place % len(PALETTE)], "linestyle": DASHES[turn % len(DASHES)]}


def marker(place: int) -> str:
    """The marker of the n-th of several."""
    return MARKERS[place % len(MARKERS)]


def label(axes: "Axes", x: str, y: str) -> None:
    """The names of the axes."""
    axes.set_xlabel(clean(x))
    axes.set_ylabel(clean(y))


def logarithmic(axis: Any, values: NDArray[np.float64]) -> None:
    """Makes an axis logarithmic, with labels at 1, and at 2 and 5 where the range is short.

    Without positive values it stays as it is.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    drawn = values[values > 0]
    if not drawn.size:
        return
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    low, high = float(drawn.min()), float(drawn.max())
    subs = (1, 2, 5) if high < 100 * low else (1,)
    axis.set_major_locator(LogLocator(10, subs=subs, numticks=12))
    if low == high:
        axis.axes.set(**{f"{axis.axis_name}lim": (low / 3, high * 3)})
    axis.set_major_formatter(FuncFormatter(lambda value, _: power(value)))
    axis.set_minor_formatter(NullFormatter())


def power(value: float) -> str:
    """0.01 as 0.01, and 0.0001 as 10⁻⁴."""
    if value > 0 and not 9e-4 < value < 1e5:
        digits, exponent = f"{value:.0e}".split("e")
        raised = "10" + str(int(exponent)).translate(_RAISED)
        return raised if digits == "1" else f"{digits}·{raised}"
    return f"{value:g}"


def legend_height(labels: Sequence[str]) -> int:
    """Pixels that `legend` will need; none for a single unnamed curve."""
    shown = [name for name in labels if name]
    return -(-len(shown) // _columns(shown)) * LINE + 8 if shown else 0


def legend(canvas: "Canvas", handles: Sequence[Any], labels: Sequence[str]) -> None:
    """The legend below the drawing; curves without a name are left out of it."""
    named = [(h, shorten(name)) for h, name in zip(handles, labels, strict=True) if name]
    if named:
        drawn, names = zip(*named, strict=True)
        box = canvas.legend(
            drawn,
            [" " + n if n.startswith("_") else n for n in names],
            loc="outside lower center",
            ncols=_columns(names),
        )
        box.set_in_layout(True)


def _columns(labels: Sequence[str]) -> int:
    """As many as fit side by side."""
    longest = max((len(shorten(name)) for name in labels), default=1)
    return max(1, min(4, len(labels), WIDTH // int(longest * 0.62 * TEXT + 70)))


def empty(axes: "Axes") -> None:
    """Says that there is nothing to show."""
    axes.text(
        0.5, 0.5, "nothing was measured", ha="center", va="center", transform=axes.transAxes,
        color=INK, style="italic",
    )  # fmt: skip
