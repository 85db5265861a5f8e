"""The page about false matches, detection and quality by group."""

import re
from collections.abc import Iterator, Sequence

from visavis.evaluate.fairness import (
    AtLimit,
    Differential,
    Fairness,
    Group,
    Grouping,
    Spread,
    stated,
)
from visavis.evaluate.rates import Rate
from visavis.report import plots
from visavis.report.document import (
    Block,
    Cell,
    Figure,
    Note,
    Provenance,
    Report,
    Section,
    Table,
    Text,
    plain,
)
from visavis.report.words import literal

_SHOWN = 10
_UNKNOWN = "n/m"


def page(result: Fairness, provenance: Provenance) -> Report:
    """The report: ratios first, then each grouping, then what the data cannot say."""
    return Report(
        slug=_slug("fairness", result.model),
        title=f"False matches by group: {result.model} on {result.dataset}",
        lead=_lead(result),
        sections=(
            Section("How far the groups lie apart", (_summary(result), _base(result))),
            *(Section(f"By {g.by.name}", tuple(_blocks(g))) for g in result.groupings),
            Section("The pairs most alike", _alike(result)),
            Section("What these data can and cannot show", (_limits(result),)),
        ),
        provenance=provenance,
        results={"fairness": plain(result)},
    )


def _lead(result: Fairness) -> str:
    limit, overall = result.limits[0], result.overall[0]
    told = [
        f"At the threshold for a false-match rate of {_percent(stated(limit))} "
        f"({limit.score:.3f}), {_percent(overall.value)} of all pairs of strangers in "
        f"{literal(result.dataset)} match."
    ]
    found = [(g, d) for g in result.groupings if (d := g.limits[0].differential)]
    beyond = sorted((x for x in found if x[1].beyond_noise), key=lambda x: -x[1].ratio)
    if beyond:
        told.append(_widest(*beyond[0]))
        told += [
            f"By {literal(g.by.name)} the ratio is {d.ratio:.1f}, {literal(d.highest)} to "
            f"{literal(d.lowest)}."
            for g, d in beyond[1:2]
        ]
    elif found:
        told.append("No grouping shows a difference beyond what noise makes of equal groups.")
    else:
        told.append("The set is too small to compare the rates of any groups.")
    told.append(
        "Missed matches cannot be measured by group here: nobody is known to be in two pictures."
    )
    return " ".join(told)


def _widest(grouping: Grouping, found: Differential) -> str:
    at = grouping.limits[0]
    rates = dict(zip((g.name for g in grouping.groups), at.within, strict=True))
    more = "".join(
        f" It is {_percent(r.value)} in the group {literal(n)}, too few pairs ({r.trials:,}) for a "
        "ratio."
        for n, r in rates.items()
        if at.surprising(r) and r.low > rates[found.highest].high
    )
    return (
        f"The rate is not one for everybody: by {literal(grouping.by.name)} it is "
        f"{_percent(rates[found.highest].value)} in the group {literal(found.highest)} and "
        f"{_percent(rates[found.lowest].value)} in the group {literal(found.lowest)}, a ratio of "
        f"{found.ratio:.1f} (95 % interval {found.low:.1f} to {found.high:.1f}).{more}"
    )


def _summary(result: Fairness) -> Table:
    rows = [
        (g.by.name, _percent(at.rate), d.highest, d.lowest, _ratio(d), f"{d.to_mean:.2f}",
         f"{d.noise:.2f}", "yes" if d.beyond_noise else "no")
        for g in result.groupings
        for at in g.limits
        if (d := at.differential)
    ]  # fmt: skip
    return Table(
        ("groups", "threshold for", "highest", "lowest", "highest : lowest", "highest : mean",
         "noise", "beyond noise"),
        tuple(rows),
        "Ratios of the false-match rates within groups, at one threshold for all, over the groups "
        "that have pairs for 30 false matches or more. The mean is geometric. Groups that are "
        "alike would show a ratio below the one under “noise” 95 times in 100. The intervals take "
        "the two groups as given.",
    )  # fmt: skip


def _base(result: Fairness) -> Table:
    rows = [
        (_percent(stated(limit)) + (" (extrapolated)" if limit.extrapolated else ""),
         f"{limit.score:.4f}", f"{rate.trials:,}", f"{rate.events:,}", _interval(rate))
        for limit, rate in zip(result.limits, result.overall, strict=True)
    ]  # fmt: skip
    where = f" Calibrated on: {result.calibrated_on}." if result.calibrated_on else ""
    return Table(
        ("threshold for", "score", "pairs", "matches", "FMR here"),
        tuple(rows),
        f"All pairs of {result.dataset}, whatever their groups. Where the last column differs from "
        f"the first, the calibration does not carry over to these people and pictures.{where}",
    )


def _blocks(grouping: Grouping) -> Iterator[Block]:
    told = [at for at in grouping.limits if sum(map(at.measurable, at.within)) >= 2]
    if told:
        yield _mixing(grouping, told[0])
    yield from (_bars(grouping, at) for at in told[:1])
    yield _rates(grouping)
    for at in told[:1]:
        yield _cross(grouping, at)
    if grouping.by.only is None:
        yield _found(grouping.groups)


def _mixing(grouping: Grouping, at: AtLimit) -> Text:
    """Whether strangers of one group match more often than strangers of two."""
    if at.same.low > at.other.high and at.other.events:
        verdict = f": {at.same.value / at.other.value:.1f} times as many within"
    elif at.same.high < at.other.low:
        verdict = ": fewer within"
    else:
        verdict = "; these do not differ clearly"
    return Text(
        f"At the threshold for {_percent(at.rate)}, {_interval(at.same)} of pairs within a group "
        f"match, and {_interval(at.other)} of pairs across groups{verdict}."
    )


def _bars(grouping: Grouping, at: AtLimit) -> Figure:
    known = [at.measurable(r) for r in at.within]
    nan = float("nan")
    columns = [
        [float(f"{100 * v:.3g}") if k else nan for v, k in zip(values, known, strict=True)]
        for values in (
            [r.value for r in at.within],
            [r.low for r in at.within],
            [r.high for r in at.within],
        )
    ]
    values, low, high = columns
    return plots.bars(
        _slug("within", grouping.by.name, f"{at.rate:g}"),
        [g.name for g in grouping.groups],
        values,
        low=low,
        high=high,
        x="FMR within the group, %",
        caption=f"False-match rate within each group at the threshold for {_percent(at.rate)}: "
        f"{_said(at.differential)}. Lines are 95 % intervals; n/m: too few pairs.",
        alt="; ".join(
            f"{g.name}: {_percent(r.value) if k else 'not measurable'}"
            for g, r, k in zip(grouping.groups, at.within, known, strict=True)
        ),
    )


def _said(found: Differential | None) -> str:
    if found is None:
        return "no ratio can be given, for a group has hardly a match"
    if not found.beyond_noise:
        return "the groups differ by no more than noise would make of equal ones"
    return f"{found.highest} has {found.ratio:.1f} times that of {found.lowest}"


def _cross(grouping: Grouping, at: AtLimit) -> Figure:
    names = [g.name for g in grouping.groups]
    values = [[c.value if at.measurable(c) else float("nan") for c in row] for row in at.cells]
    known = [(v, a, b) for a, row in enumerate(values) for b, v in enumerate(row) if v == v]
    top, a, b = max(known)
    where = f"within {names[a]}" if a == b else f"between {names[a]} and {names[b]}"
    return plots.heat_map(
        _slug("across", grouping.by.name, f"{at.rate:g}"),
        names,
        names,
        values,
        x="picture of",
        y="picture of",
        high=top or 1,
        caption=f"FMR in % for every two groups at the threshold for {_percent(at.rate)}; it is "
        f"highest {where}. n/m: pairs for fewer than 30 false matches.",
        alt=f"False-match rates of {len(names)} by {len(names)} groups; the highest is "
        f"{_percent(top)}, {where}.",
    )


def _rates(grouping: Grouping) -> Table:
    heads = [f"FMR at {_percent(at.rate)}" for at in grouping.limits]
    some = [any(_told(at, r) != _UNKNOWN for r in at.within) for at in grouping.limits]
    rows = []
    for place, group in enumerate(grouping.groups):
        cells: list[Cell] = [group.name, f"{grouping.limits[0].within[place].trials:,}"]
        for at, shown in zip(grouping.limits, some, strict=True):
            cell = at.within[place]
            cells += [_told(at, cell)] if shown else []
        for at in (a for a in grouping.limits if any(a.needed)):
            cells.append(_move(at.needed[place], at.limit.score))
        rows.append(tuple(cells))
    kept = [h for h, shown in zip(heads, some, strict=True) if shown]
    kept += [f"own threshold for {_percent(a.rate)}" for a in grouping.limits if any(a.needed)]
    silent = [_percent(a.rate) for a, shown in zip(grouping.limits, some, strict=True) if not shown]
    gone = f" No group has pairs enough for {' or '.join(silent)}." if silent else ""
    return Table(
        ("group", "pairs", *kept),
        tuple(rows),
        "Pairs within each group at the common thresholds, with 95 % intervals; then the threshold "
        "at which the group itself would have the rate, and how far that lies from the common "
        "one. n/m: pairs for fewer than 30 false matches; †: so few too, but 30 or more were seen: "
        f"the rate is high.{gone}",
    )


def _found(groups: Sequence[Group]) -> Table:
    rows = [
        (g.name, str(g.pictures), _interval(g.detected), _interval(g.refused), _mean(g.quality, 2),
         _quartiles(g.quality, 2), _mean(g.size, 0))
        for g in groups
    ]  # fmt: skip
    low = min(groups, key=lambda g: g.detected.value)
    overlap = low.detected.high >= max(g.detected.low for g in groups)
    said = (
        "Detection does not differ clearly between groups"
        if overlap
        else f"Faces are found least often among {low.name}"
    )
    return Table(
        ("group", "pictures", "face found", "failure to enrol", "quality", "quality, quartiles",
         "size, px"),
        tuple(rows),
        f"{said}. Failure to enrol: no face, or one below the quality limits. Quality is the "
        "score from 0 to 1; size is between the eyes, or from eyes to mouth if that is more. "
        "Means with 95 % intervals.",
    )  # fmt: skip


def _alike(result: Fairness) -> tuple[Block, ...]:
    left = (
        f"{result.left_out} pictures that show somebody already in the set were left out before."
        if result.left_out
        else "No picture was left out."
    )
    return (
        Text(
            "One person twice in the set would be counted as a false match, so the pairs of the "
            f"highest scores are worth a look. {left}"
        ),
        Table(
            ("first", "second", "score"),
            tuple((p.first, p.second, f"{p.score:.3f}") for p in result.top[:_SHOWN]),
            "The highest-scoring pairs that remain. Each counts as a false match.",
        ),
    )


def _limits(result: Fairness) -> Note:
    return Note(
        "Groups are the labels of the set: what annotators saw, not what people say of themselves, "
        "and the categories are crude.\n\n"
        "Each picture is taken for another person. That is an assumption: the set names nobody. "
        "So there is no FNMR here, and no conclusion about who is wrongly turned away.\n\n"
        "Pictures are photographs from the Web, already cut around faces: detection and size say "
        "nothing about a camera of your own. Groups differ in age, pose, light and sharpness as "
        "well as in what they are named for; the groups of one age range take out age alone.\n\n"
        f"The thresholds were calibrated on other pictures"
        f"{f' ({literal(result.calibrated_on)})' if result.calibrated_on else ''}. Intervals "
        "allow for pictures that are in many pairs, not for another way of choosing pictures. "
        "A ratio of the highest and the lowest of several rates is drawn apart by noise.\n\n"
        "What a model was trained on shapes these figures; its card names the sets."
    )


def _slug(*parts: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", "-".join(parts)).strip("-").lower()[:80]


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %" if rate == rate else _UNKNOWN


def _interval(rate: Rate) -> str:
    if not rate.trials:
        return _UNKNOWN
    return f"{100 * rate.value:.3g} % ({100 * rate.low:.3g}–{100 * rate.high:.3g})"


def _told(at: AtLimit, cell: Rate) -> str:
    if at.measurable(cell):
        return _interval(cell)
    return f"{_interval(cell)} †" if at.surprising(cell) else _UNKNOWN


def _ratio(found: Differential) -> str:
    return f"{found.ratio:.2f} ({found.low:.2f}–{found.high:.2f})"


def _move(needed: float | None, common: float) -> str:
    return _UNKNOWN if needed is None else f"{needed:.3f} ({needed - common:+.3f})"


def _mean(spread: Spread, places: int) -> str:
    if spread.mean != spread.mean:
        return _UNKNOWN
    return f"{spread.mean:.{places}f} ({spread.low:.{places}f}–{spread.high:.{places}f})"


def _quartiles(spread: Spread, places: int) -> str:
    if spread.mean != spread.mean:
        return _UNKNOWN
    return " · ".join(f"{q:.{places}f}" for q in spread.quartiles)
