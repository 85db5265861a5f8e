"""Curves: ROC, DET, CMC, reliability, and any others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

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
from visavis.report.style import INK, PALETTE, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_PLOT = 300
_FEW = 25
"""Up to so many points are marked one by one."""


@dataclass(frozen=True, slots=True)
class Curve2:
    """A named curve of y over x, with a band from `low` to `high` where given; NaN leaves a gap.

    Raises InputError where the lengths differ.
    """

    label: str
    x: ArrayLike
    y: ArrayLike
    low: ArrayLike | None = None
    high: ArrayLike | None = None

    def __post_init__(self) -> None:
        given = (self.x, self.y, self.low, self.high)
        sizes = [np.size(part) for part in given if part is not None]
        if len(set(sizes)) != 1:
            raise InputError(f"expected x, y, low and high of one length, got {sizes}")


def lines(
    name: str,
    curves: Sequence[Curve2],
    *,
    x: str,
    y: str,
    caption: str,
    alt: str,
    log_x: bool = False,
    log_y: bool = False,
    diagonal: bool = False,
    steps: bool = False,
) -> Figure:
    """Curves on one pair of axes; few points are marked one by one.

    A logarithmic axis shows positive values alone. `diagonal` draws y = x; `steps`: x counts.
    """

    def finish(axes: "Axes") -> None:
        if diagonal:
            axes.axline((0, 0), slope=1, color=INK, alpha=0.5, linewidth=1)
        if steps:
            from matplotlib.ticker import MaxNLocator

            axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    return _curves(name, curves, (x, y), (log_x, log_y), finish, caption, alt)


def roc(
    name: str,
    curves: Sequence[Curve2],
    *,
    caption: str,
    alt: str,
    x: str = "false-match rate",
    y: str = "true-match rate",
) -> Figure:
    """True-match rate over false-match rate, the latter on a logarithmic axis."""
    return _curves(name, curves, (x, y), (True, False), _nothing, caption, alt)


def det(
    name: str,
    curves: Sequence[Curve2],
    *,
    caption: str,
    alt: str,
    x: str = "false-match rate",
    y: str = "false-non-match rate",
) -> Figure:
    """Detection error trade-off, both rates on logarithmic axes as in NIST's FRTE reports.

    Rates of zero have no place on them: a curve ends where no error is left.
    """
    return _curves(name, curves, (x, y), (True, True), _nothing, caption, alt)


def cmc(
    name: str,
    curves: Sequence[Curve2],
    *,
    caption: str,
    alt: str,
    x: str = "rank",
    y: str = "share found up to that rank",
) -> Figure:
    """Cumulative match characteristic: identification rate over rank, ranks logarithmic."""
    return _curves(name, curves, (x, y), (True, False), _nothing, caption, alt)


def reliability(
    name: str,
    predicted: ArrayLike,
    observed: ArrayLike,
    counts: ArrayLike,
    *,
    caption: str,
    alt: str,
    x: str = "predicted probability",
    y: str = "observed share",
) -> Figure:
    """Observed over predicted by bin, on the diagonal where calibrated; below, cases a bin."""
    said, seen, cases = numbers(predicted), numbers(observed), numbers(counts)
    if not said.size == seen.size == cases.size:
        raise InputError(f"expected one length, got {said.size}, {seen.size} and {cases.size}")

    def paint(canvas: "Canvas") -> None:
        upper, lower = canvas.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        upper.axline((0, 0), slope=1, color=INK, alpha=0.5, linewidth=1)
        upper.plot(said, seen, marker="o", color=PALETTE[0])
        upper.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel=y)
        lower.bar(said, np.nan_to_num(cases), width=0.03, color=PALETTE[0])
        label(lower, x, "cases")
        if not np.isfinite(seen).any():
            empty(upper)

    return draw(name, _PLOT + 90, paint, caption=caption, alt=alt)


def _nothing(axes: "Axes") -> None:
    pass


def _curves(
    name: str,
    curves: Sequence[Curve2],
    titles: tuple[str, str],
    log: tuple[bool, bool],
    finish: "Callable[[Axes], None]",
    caption: str,
    alt: str,
) -> Figure:
    names = [curve.label for curve in curves]

    def paint(canvas: "Canvas") -> None:
        axes = canvas.subplots()
        handles = [_curve(axes, curve, place, log) for place, curve in enumerate(curves)]
        label(axes, *titles)
        for axis, wanted, part in ((axes.xaxis, log[0], "x"), (axes.yaxis, log[1], "y")):
            if wanted:
                drawn = [numbers(getattr(curve, part)) for curve in curves]
                logarithmic(axis, np.concatenate([*drawn, np.empty(0)]))
        finish(axes)
        if not any(np.isfinite(handle.get_ydata()).any() for handle in handles):
            empty(axes)
        legend(canvas, handles, names)

    return draw(name, _PLOT + legend_height(names), paint, caption=caption, alt=alt)


def _curve(axes: "Axes", curve: Curve2, place: int, log: tuple[bool, bool]) -> Any:
    x, y = _positive(numbers(curve.x), log[0]), _positive(numbers(curve.y), log[1])
    few = np.count_nonzero(np.isfinite(x) & np.isfinite(y)) <= _FEW
    style = look(place)
    (handle,) = axes.plot(x, y, **style, marker=marker(place) if few else "")
    if curve.low is not None and curve.high is not None:
        low, high = (_positive(numbers(v), log[1]) for v in (curve.low, curve.high))
        axes.fill_between(x, low, high, color=style["color"], alpha=0.18, linewidth=0)
    return handle


def _positive(values: Any, wanted: bool) -> Any:
    return np.where(values > 0, values, np.nan) if wanted else values
