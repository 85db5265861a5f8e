"""The page of a robustness measurement."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from visavis.evaluate.poses import Bucket
from visavis.evaluate.rates import Rate
from visavis.evaluate.robustness import Cell, Robustness
from visavis.report.document import (
    Block,
    Figure,
    Note,
    Photograph,
    Provenance,
    Report,
    Section,
    Table,
    Text,
    plain,
)
from visavis.report.plots import bars, heat_map
from visavis.report.words import literal

HOLDS: Final = 0.9
"""A condition holds at a step while this share of people still match, end to end."""
BREAKS: Final = 0.5
"""Below this share it is of no use."""
_SHOWN: Final = 8  # conditions with the most false matches

_LIMITS: Final = """\
All conditions but those of the real pairs are **synthetic**: they were made from pictures taken \
in good light. Drawn masks, glasses, hats and hands are not real ones; a head turned on an \
ellipsoid is not a turned head; a picture made dark has neither the noise nor the colours of a \
night. Read them as: from which step on does this alone do harm, and which harm comes first.

The pictures are of one kind, in LFW press photographs of public figures, and only faces that are \
found when undistorted take part: a camera of yours will do worse than the mild end of each row. \
Faces on their side or head are sought only where the setting `sideways` is on, which it is not by \
default. The threshold was fixed before, by the calibration of the embedder; it is not fitted to a \
condition. If that calibration was made on this data set, the rate of false matches of the \
undistorted pictures is near the stated one by construction."""


def page(result: Robustness, provenance: Provenance, examples: Sequence[Photograph] = ()) -> Report:
    """The report: where recognition breaks, both rates as maps, real pairs, every figure.

    `examples` show the steps (`robustness_examples.examples`).
    """
    looks = [Section("What the steps look like", tuple(examples))] if examples else []
    return Report(
        slug="robustness",
        title=f"Robustness: {result.dataset} under worse conditions",
        lead=_lead(result),
        sections=(
            Section("Where it breaks", (_breaking_table(result),)),
            Section("Matched, and found", (_matched_map(result), _found_map(result))),
            Section("False matches", _false_matches(result)),
            *looks,
            Section("Real turned heads and expressions", _real(result)),
            Section("Every figure", (_all_table(result),)),
            Section("Limits", (Note(_LIMITS), *(Note(literal(n)) for n in result.notes))),
        ),
        provenance=provenance,
        results=plain(result),
    )


def holds(steps: Sequence[Cell], share: float) -> int:
    """How many steps from the mildest on keep the share end to end."""
    failing = [at for at, cell in enumerate(steps) if cell.end_to_end.value < share]
    return failing[0] if failing else len(steps)


def _lead(result: Robustness) -> str:
    base = result.baseline
    steps = {kind: result.of(kind) for kind in result.kinds}
    sturdy = [kind for kind, cells in steps.items() if holds(cells, HOLDS) == len(cells)]
    worst = min(result.cells, key=lambda c: c.end_to_end.value)
    weak = [kind for kind, cells in steps.items() if holds(cells, HOLDS) == 0]
    parts = [
        f"Of {result.people} people in {literal(result.dataset)}, {_share(base.end_to_end)} "
        f"({_interval(base.end_to_end)}) match a second, undistorted picture of themselves at the "
        f"threshold for a false-match rate of {result.fmr:g}.",
        f"{_share_of(HOLDS)} or more still match at every step of {_listed(sturdy)}."
        if sturdy
        else f"No condition keeps {_share_of(HOLDS)} at every step.",
    ]
    if weak:
        parts.append(f"Fewer do already at the mildest step of {_listed(weak)}.")
    parts.append(
        f"The worst is {worst.kind} ({worst.step}): {_share(worst.detected)} of the faces found, "
        f"{_share(worst.end_to_end)} matched."
    )
    return " ".join([*parts, _raised_sentence(result)])


def raised(result: Robustness) -> tuple[Cell, ...]:
    """Cells whose false-match rate is above the undistorted one's, beyond both intervals."""
    return tuple(c for c in result.cells if c.fmr.trials and c.fmr.low > result.baseline.fmr.high)


def _raised_sentence(result: Robustness) -> str:
    found = raised(result)
    if not found:
        return "No condition measurably raises the rate of false matches."
    names = [f"{c.kind} ({c.step})" for c in found]
    return f"The rate of false matches rises measurably under {_listed(names)}."


def _breaking_table(result: Robustness) -> Table:
    rows = []
    for kind in result.kinds:
        steps = result.of(kind)
        kept, broken = holds(steps, HOLDS), holds(steps, BREAKS)
        rows.append(
            (
                kind,
                steps[kept - 1].step if kept else "no step",
                steps[kept].step if kept < len(steps) else "not reached",
                steps[broken].step if broken < len(steps) else "not reached",
                _first_harm(steps),
            )
        )
    broken_kinds = [k for k in result.kinds if holds(result.of(k), BREAKS) < len(result.of(k))]
    return Table(
        (
            "condition",
            f"{_share_of(HOLDS)} match up to",
            "fewer from",
            "under half from",
            "lost at worst",
        ),
        tuple(rows),
        f"{len(broken_kinds)} of {len(result.kinds)} conditions reach a step at which fewer than "
        "half of the people match. The last column says what is lost at the most severe step: the "
        "face is not found, or it is found and does not match.",
    )


def _first_harm(steps: Sequence[Cell]) -> str:
    last = steps[-1]
    unfound = last.detected.trials - last.detected.events
    unmatched = last.tmr.trials - last.tmr.events
    if not unfound + unmatched:
        return "nothing"
    return f"not found {unfound}, not matched {unmatched}"


def _matched_map(result: Robustness) -> Figure:
    worst = sorted(result.cells, key=lambda c: c.end_to_end.value)[:3]
    named = _listed([f"{c.kind}, {c.step} ({_share(c.end_to_end)})" for c in worst])
    return heat_map(
        "robustness-matched",
        list(result.kinds),
        _columns(result),
        _table(result, "end_to_end"),
        x="step, mild to severe",
        y="",
        caption=f"People matched, end to end: a face that is not found counts as no match. "
        f"Undistorted: {_share(result.baseline.end_to_end)}. The lowest: {named}.",
        alt="Share of people matched, by condition and step; the figures are in the last table.",
    )


def _found_map(result: Robustness) -> Figure:
    full = sum(c.detected.events == c.detected.trials for c in result.cells)
    below = [c for c in result.cells if c.detected.value < HOLDS]
    kinds = list(dict.fromkeys(str(c.kind) for c in below))
    tail = f"under {_share_of(HOLDS)} only in {_listed(kinds)}" if kinds else "hardly lost anywhere"
    return heat_map(
        "robustness-found",
        list(result.kinds),
        _columns(result),
        _table(result, "detected"),
        x="step, mild to severe",
        y="",
        caption=f"Faces found where they had to be: all of them in {full} of {len(result.cells)} "
        f"cells, {tail}.",
        alt="Share of faces found, by condition and step; the figures are in the last table.",
    )


def _columns(result: Robustness) -> list[str]:
    return [str(n + 1) for n in range(max(len(result.of(kind)) for kind in result.kinds))]


def _table(result: Robustness, what: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    table = np.full((len(result.kinds), len(_columns(result))), np.nan)
    for row, kind in enumerate(result.kinds):
        for column, cell in enumerate(result.of(kind)):
            table[row, column] = round(getattr(cell, what).value, 3)
    return table


def _false_matches(result: Robustness) -> tuple[Block, ...]:
    base = result.baseline.fmr
    most = sorted(
        (c for c in result.cells if c.fmr.trials), key=lambda c: c.fmr.value, reverse=True
    )
    rows = tuple((c.kind, c.step, *_false(c.fmr)) for c in most[:_SHOWN])
    return (
        Text(
            f"Each probe was compared with one undistorted picture of every other person, "
            f'{result.references - 1:,} or fewer. {_raised_sentence(result)} "Measurably" means '
            "that its interval lies above that of the undistorted probes; intervals know that a "
            "probe is in thousands of comparisons. Faces that were not found cannot match falsely "
            "and are left out."
        ),
        Table(
            ("condition", "step", "false matches", "comparisons", "rate", "95 % interval"),
            (("none", "as photographed", *_false(base)), *rows),
            f"The {len(rows)} cells with the highest rates of false matches, beside the "
            "undistorted probes.",
        ),
    )


def _false(rate: Rate) -> tuple[int, str, str, str]:
    interval = f"{rate.low:.1e} to {rate.high:.1e}"
    return rate.events, f"{rate.trials:,}", f"{rate.value:.1e}", interval


def _real(result: Robustness) -> tuple[Block, ...]:
    return (
        _bars(
            "robustness-yaw",
            result.yaw,
            [f"{b.low:g} to {b.high:g} degrees" for b in result.yaw],
            "Real pairs by the yaw of the more turned picture, estimated from landmarks.",
        ),
        _bars(
            "robustness-expression",
            result.expression,
            [_change(b) for b in result.expression],
            "Real, nearly frontal pairs by how much wider the mouth is in one picture than in the "
            "other, against the eyes' distance. A proxy: five landmarks show a smile and no more "
            "of an expression.",
        ),
    )


def _bars(name: str, buckets: Sequence[Bucket], labels: Sequence[str], what: str) -> Figure:
    kept = [(b, text) for b, text in zip(buckets, labels, strict=True) if b.tmr.trials]
    rates = [b.tmr for b, _ in kept]
    counts = ", ".join(f"{text}: {b.tmr.events} of {b.tmr.trials}" for b, text in kept)
    return bars(
        name,
        [text for _, text in kept],
        [r.value for r in rates],
        low=[r.low for r in rates],
        high=[r.high for r in rates],
        x="true matches",
        caption=f"{what} {_trend(rates)} One pair a person in each range ({counts}).",
        alt=f"{what} {counts}.",
    )


def _trend(rates: Sequence[Rate]) -> str:
    """Whether the last range with 30 pairs or more is worse than the first, beyond chance."""
    large = [r for r in rates if r.trials >= 30]
    if len(large) < 2:
        return "Too few pairs to compare ranges."
    first, last = large[0], large[-1]
    move = f"from {_share(first)} to {_share(last)}"
    if last.high < first.low:
        return f"True matches fall {move}."
    if last.low > first.high:
        return f"True matches rise {move}."
    return f"True matches go {move}, which the intervals do not tell apart."


def _change(bucket: Bucket) -> str:
    low, high = (100 * (np.exp(edge) - 1) for edge in (bucket.low, bucket.high))
    return f"{low:.0f} to {high:.0f} % wider"


def _all_table(result: Robustness) -> Table:
    columns = ("condition", "step", "found", "matched if found", "end to end", "95 %", "FMR")
    return Table(
        columns,
        tuple(_row(c) for c in (result.baseline, *result.cells)),
        f"{result.people} people, one pair each; threshold {result.threshold:.4f} for a false-"
        f"match rate of {result.fmr:g}. Intervals of end to end are Clopper-Pearson's.",
    )


def _row(cell: Cell) -> tuple[str, ...]:
    return (
        cell.kind or "none",
        cell.step,
        _share(cell.detected),
        _share(cell.tmr),
        _share(cell.end_to_end),
        _interval(cell.end_to_end),
        f"{cell.fmr.value:.1e}" if cell.fmr.trials else "not measured",
    )


def _share(rate: Rate) -> str:
    return f"{100 * rate.value:.1f} %" if rate.trials else "not measured"


def _share_of(value: float) -> str:
    return f"{100 * value:.0f} %"


def _interval(rate: Rate) -> str:
    return f"{100 * rate.low:.1f} to {100 * rate.high:.1f} %"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
