"""Distributions, tables as colour, bars and maps."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InputError
from visavis.report.axes import (
    empty,
    label,
    legend,
    legend_height,
    logarithmic,
    look,
    marker,
    numbers,
)
from visavis.report.document import Figure
from visavis.report.style import INK, PALETTE, TEXT, WIDTH, draw
from visavis.report.words import clean, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_PLOT: Final = 280
_BINS: Final = 60
_ROW: Final = 30
_DOTS: Final = 2000
_NAME: Final = 28
"""Letters of a name beside a bar or a row."""
_NONE: Final[Mapping[str, float]] = MappingProxyType({})


def histogram(
    name: str,
    groups: Mapping[str, ArrayLike],
    *,
    x: str,
    caption: str,
    alt: str,
    mark: Mapping[str, float] = _NONE,
    log_y: bool = False,
) -> Figure:
    """The share of each group's values in 60 common bins; `mark` names values by vertical lines."""
    values = {group: _finite(given) for group, given in groups.items()}
    every = np.concatenate([*values.values(), np.empty(0)])
    edges = np.histogram_bin_edges(every, _BINS) if every.size else np.linspace(0, 1, _BINS + 1)
    names = [*groups, *mark]

    def paint(canvas: "Canvas") -> None:
        axes = canvas.subplots()
        handles = [_steps(axes, given, edges, i) for i, given in enumerate(values.values())]
        for place, at in enumerate(mark.values(), len(values)):
            handles.append(axes.axvline(at, **look(place) | {"color": INK}, linewidth=1.4))
        label(axes, x, "share of the group")
        if log_y:
            shares = [h.get_data().values for h in handles[: len(values)]]
            logarithmic(axes.yaxis, np.concatenate([*shares, np.empty(0)]))
        if not every.size:
            empty(axes)
        legend(canvas, handles, names)

    return draw(name, _PLOT + legend_height(names), paint, caption=caption, alt=alt)


def heat_map(
    name: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: ArrayLike,
    *,
    x: str,
    y: str,
    caption: str,
    alt: str,
    low: float = 0,
    high: float = 1,
    percent: bool = True,
) -> Figure:
    """A table as colour from `low` to `high`, its value in each cell; NaN is hatched, "n/m".

    `values` (rows, columns); with `percent` they are shares and shown times 100.
    """
    table = np.asarray(values, np.float64).reshape(len(rows), -1)
    if table.shape != (len(rows), len(columns)) and table.size:
        raise InputError(f"expected {len(rows)} × {len(columns)} values, got {table.shape}")
    heads = [shorten(c, 24) for c in columns]
    turned = max((len(c) for c in heads), default=0) > 8
    side = 8 * max((len(shorten(r, _NAME)) for r in rows), default=0)
    width = max(WIDTH, side + 70 + 52 * len(columns))
    height = 90 + _ROW * max(len(rows), 2) + (7 * max(map(len, heads)) if turned else 0)

    def paint(canvas: "Canvas") -> None:
        axes = canvas.subplots()
        axes.grid(False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        label(axes, f"{x} (cells in %)".strip() if percent else x, y)
        axes.set_xticks(range(len(heads)), heads, rotation=90 if turned else 0)
        axes.set_yticks(range(len(rows)), [shorten(r, _NAME) for r in rows])
        if table.size:
            _cells(axes, table, (low, high), percent)
        else:
            empty(axes)

    return draw(name, height, paint, caption=caption, alt=alt, width=width)


def bars(
    name: str,
    labels: Sequence[str],
    values: ArrayLike,
    *,
    x: str,
    caption: str,
    alt: str,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
) -> Figure:
    """A bar a label from the top down, with its value and an interval from `low` to `high`."""
    sizes = numbers(values)
    if len(labels) != sizes.size:
        raise InputError(f"expected {len(labels)} values, got {sizes.size}")
    ends = _ends(sizes, low, high)

    def paint(canvas: "Canvas") -> None:
        axes = canvas.subplots()
        places = np.arange(len(labels))
        axes.grid(False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.barh(
            places, np.nan_to_num(sizes), 0.62, xerr=ends if ends.any() else None,
            color=PALETTE[0], error_kw={"ecolor": INK, "capsize": 4, "elinewidth": 1.4},
        )  # fmt: skip
        axes.set_yticks(places, [shorten(text, _NAME) for text in labels])
        axes.invert_yaxis()
        label(axes, x, "")
        _figures(axes, sizes, ends)
        if not np.isfinite(sizes).any():
            empty(axes)

    return draw(name, 70 + _ROW * max(len(labels), 2), paint, caption=caption, alt=alt)


def scatter(
    name: str,
    groups: Mapping[str, ArrayLike],
    *,
    caption: str,
    alt: str,
    x: str = "",
    y: str = "",
) -> Figure:
    """Points of several groups, each (N, 2), such as a map of embeddings.

    Of more than 2,000 points an even selection of each group is drawn. Axes without a name have
    no figures: those of a map mean nothing.
    """
    points = {group: _points(given) for group, given in groups.items()}
    every = sum(len(p) for p in points.values())
    step = max(1, -(-every // _DOTS))
    names = list(groups)

    def paint(canvas: "Canvas") -> None:
        axes = canvas.subplots()
        handles = []
        for place, (group, at) in enumerate(points.items()):
            colour = look(place)["color"]
            (handle,) = axes.plot(
                at[::step, 0], at[::step, 1], linestyle="", marker=marker(place),
                color=colour, markersize=4.5, markeredgewidth=0, alpha=0.75, label=clean(group),
            )  # fmt: skip
            handles.append(handle)
        label(axes, x, y)
        if not x:
            axes.set_xticks([])
        if not y:
            axes.set_yticks([])
        if not every:
            empty(axes)
        legend(canvas, handles, names)

    return draw(name, _PLOT + 80 + legend_height(names), paint, caption=caption, alt=alt)


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    flat = numbers(values)
    return flat[np.isfinite(flat)]


def _points(values: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(values, np.float64)
    if table.size and (table.ndim != 2 or table.shape[1] != 2):
        raise InputError(f"expected points of shape (N, 2), got {table.shape}")
    table = table.reshape(-1, 2)
    kept: NDArray[np.float64] = table[np.isfinite(table).all(axis=1)]
    return kept


def _steps(axes: "Axes", values: NDArray[np.float64], edges: NDArray[np.float64], i: int) -> Any:
    shares = np.histogram(values, edges)[0] / max(values.size, 1)
    style = look(i)
    axes.stairs(shares, edges, fill=True, color=style["color"], alpha=0.2)
    return axes.stairs(shares, edges, linewidth=1.8, **style)


def _cells(
    axes: "Axes", table: NDArray[np.float64], span: tuple[float, float], percent: bool
) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle

    norm = Normalize(*span, clip=True)
    for (row, column), value in np.ndenumerate(table):
        known = bool(np.isfinite(value))
        colour = colormaps["cividis"](float(norm(value))) if known else "none"
        cell = Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, facecolor=colour, linewidth=0)
        if not known:
            cell.set(hatch="////", edgecolor=(INK, 0.3), linewidth=0.5)
        axes.add_patch(cell)
        text = _cell(value, percent) if known else "n/m"
        ink = _legible(colour) if known else INK
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=TEXT)
    axes.set(xlim=(-0.5, table.shape[1] - 0.5), ylim=(table.shape[0] - 0.5, -0.5))


def _cell(value: float, percent: bool) -> str:
    return f"{value * 100:.3g}" if percent else f"{value:.3g}"


def _legible(colour: Any) -> str:
    """Black or white, whichever stands out more: a contrast of 4.5 or more either way."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return "#000000" if luminance > 0.179 else "#ffffff"


def _ends(
    sizes: NDArray[np.float64], low: ArrayLike | None, high: ArrayLike | None
) -> NDArray[np.float64]:
    """(2, N) how far an interval reaches below and above each value; 0 where there is none."""
    if low is None or high is None:
        return np.zeros((2, sizes.size))
    below, above = sizes - numbers(low), numbers(high) - sizes
    return np.nan_to_num(np.maximum([below, above], 0))


def _figures(axes: "Axes", sizes: NDArray[np.float64], ends: NDArray[np.float64]) -> None:
    """The values at the ends of their bars."""
    for place, size in enumerate(sizes):
        known = bool(np.isfinite(size))
        axes.annotate(
            f"{size:.4g}" if known else "n/m",
            (max(size + ends[1][place], 0) if known else 0, place),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=TEXT,
        )
    axes.margins(x=0.12)
