"""The page of the live pipeline on scripted streams."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.datasets.films import Act
from visavis.evaluate.pages.figures import percent
from visavis.evaluate.rates import Rate
from visavis.evaluate.streams.conditions import Family
from visavis.evaluate.streams.measure import Cell, Presented, Streams
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
from visavis.report.plots import Curve2, heat_map, lines
from visavis.report.words import literal

HOLDS: Final = 0.9
"""A condition holds at a step while this share of people are still named."""
SHOWN: Final[dict[Act, str]] = {
    "live": "a person (simulated)",
    "print": "a print moved by hand",
    "screen": "a screen that plays a film",
    "frozen": "a frozen picture",
}
_FAMILIES: Final[dict[Family, str]] = {
    "light": "Light",
    "angle": "Angle",
    "occlusion": "Occlusion",
    "camera": "Blur, resolution and compression",
}
_LIMITS: Final = """\
These are **scripted scenes of pasted photographs**, no film of people: faces do not talk, blink \
or turn by themselves, and the people are public figures in press photographs. The conditions are \
synthetic: drawn masks and hands are not real ones, a head turned on an ellipsoid is not a turned \
head, and a codec for films does other things than JPEG. Read them as: from which step on does \
this alone do harm in a stream, and which harm comes first.

**Attacks and their live twins are simulated** as well: a print, a screen and a turning head made \
of one photograph, seen by a simulated camera. They show that the parts of the live pipeline work \
together and how long each takes to speak; they are no rate of any camera, and no liveness rate is \
claimed from them, nor from clips that came from GIFs. The liveness report measures the checks on \
recorded attacks.

With as few people as here one more or less is some per cent: each share stands beside its \
interval in the last table."""


def page(result: Streams, provenance: Provenance, examples: Sequence[Photograph] = ()) -> Report:
    """The report: who is named under what, how soon, what goes wrong, and what attacks do.

    `examples` show the streams (`testing_examples.examples`).
    """
    attacks = [Section("Attacks", _attacks(result))] if result.presented else []
    return Report(
        slug="testing",
        title=f"The live pipeline, tested on scripted streams of {result.dataset}",
        lead=_lead(result),
        sections=(
            Section("What is shown", (Text(_setting(result)), *examples)),
            Section("Who is named", (_named_map(result), *_curves(result))),
            Section("How soon", (_seconds_map(result),)),
            Section("What goes wrong", _faults(result)),
            *attacks,
            Section("Every figure", (_table(result),)),
            Section("Limits", (Note(_LIMITS), *(Note(literal(n)) for n in result.notes))),
        ),
        provenance=provenance,
        results=plain(result),
    )


def holds(steps: Sequence[Cell]) -> int:
    """How many steps from the mildest on keep the share of people named."""
    failing = [at for at, cell in enumerate(steps) if cell.named.value < HOLDS]
    return failing[0] if failing else len(steps)


def _lead(result: Streams) -> str:
    base = result.baseline
    steps = {name: result.of(name) for name in result.names}
    sturdy = [name for name, cells in steps.items() if holds(cells) == len(cells)]
    parts = [
        f"Of {result.people} people who were enrolled by another photograph, the live pipeline "
        f"names {base.named.events} in scripted streams without any strain, after "
        f"{_seconds(base.seconds)} (median), and names {base.strangers.events} of "
        f"{base.strangers.trials} strangers, at a stated rate (FPIR) of {percent(result.fpir)}.",
        f"{percent(HOLDS)} or more are still named at every step of {_listed(sturdy)}."
        if sturdy
        else f"No strain keeps {percent(HOLDS)} at every step.",
        _worst(result),
        _misled(result),
    ]
    return " ".join([*parts, _attack_sentence(result)]).strip()


def _worst(result: Streams) -> str:
    if not result.cells:
        return ""
    lowest = min(cell.named.value for cell in result.cells)
    worst = [c for c in result.cells if c.named.value == lowest]
    first = {c.name: c for c in reversed(worst)}
    named = _listed([f"{c.name} ({c.step})" for c in reversed(first.values())])
    return f"The fewest, {_share(worst[0].named)}, are named under {named}."


def _misled(result: Streams) -> str:
    false = [c for c in result.cells if c.misnamed.events or c.strangers.events]
    if not false:
        return "Under no strain did any frame give anybody another's name."
    told = _listed(list(dict.fromkeys(str(c.name) for c in false)))
    people = sum(c.misnamed.events + c.strangers.events for c in false)
    trials = sum(c.misnamed.trials + c.strangers.trials for c in result.cells)
    return (
        f"In {people} of {trials:,} cases (a person in a stream) a frame or more gave somebody "
        f"another's name: under {told}."
    )


def _attack_sentence(result: Streams) -> str:
    if not result.presented:
        return ""
    parts = [
        f"{SHOWN[one.act]} is suspected in {_count(one.suspected)} films"
        + (f" (after {_seconds(one.suspected_seconds)})" if one.suspected.events else "")
        + f" and named at some moment in {one.accepted.events}"
        for one in result.presented
        if one.act != "live"
    ]
    people = [
        f"of simulated people in the same place and light {_count(one.suspected)} are suspected, "
        f"and {one.accepted.events} named"
        for one in result.presented
        if one.act == "live"
    ]
    return f"With liveness required, {'; '.join([*parts, *people])}."


def _setting(result: Streams) -> str:
    return (
        f"Each run is a stream of {result.seconds:g} seconds, 25 frames a second, 640 x 360 "
        "pixels, made from photographs: two people who are enrolled and a stranger stand side by "
        "side, faces 70 pixels wide, and shift from foot to foot. Who is enrolled is enrolled by "
        "one photograph and shown by up to two others, the second after two seconds. The gallery "
        f"holds {result.enrolled} people, {result.people} of whom appear, and "
        f"{result.strangers} strangers; the threshold is {result.threshold:.3f}.\n\n"
        "The frames go through the real live pipeline, as `visavis watch` runs it: faces are "
        "sought now and then, followed, embedded when seen better, decided by all looks together, "
        "and an event says who it is once three looks agree. Faces are sought as seldom as their "
        "movement allows, at most in every eighth frame, which is how a slow machine would do it, "
        "so that a run comes out the same on each. A strain is the only thing that differs from "
        "the run without any: same people, places, photographs and noise."
    )


def _named_map(result: Streams) -> Figure:
    return heat_map(
        "testing-named",
        list(result.names),
        _columns(result),
        _grid(result, [cell.named.value for cell in result.cells]),
        x="step, mild to severe",
        y="",
        caption=f"Enrolled people whom an event named rightly within {result.seconds:g} seconds. "
        f"Without a strain: {_share(result.baseline.named)}. What the steps are is in the last "
        "table.",
        alt="Share of people named, by strain and step; the figures are in the last table.",
    )


def _seconds_map(result: Streams) -> Figure:
    later = [c for c in result.cells if c.seconds > result.baseline.seconds + 0.1]
    names = list(dict.fromkeys(str(c.name) for c in later))
    tail = f"It takes longer under {_listed(names)}." if names else "No strain makes it longer."
    return heat_map(
        "testing-seconds",
        list(result.names),
        _columns(result),
        _grid(result, [cell.seconds for cell in result.cells]),
        x="step, mild to severe (cells in seconds)",
        y="",
        caption=f"Median seconds until those who are named are named; without a strain "
        f"{_seconds(result.baseline.seconds)}, the third look that agrees. Hatched where nobody "
        f"is. {tail}",
        alt="Median seconds until named, by strain and step; the figures are in the last table.",
        low=0,
        high=result.seconds,
        percent=False,
    )


def _columns(result: Streams) -> list[str]:
    return [str(n + 1) for n in range(max((len(result.of(n)) for n in result.names), default=0))]


def _grid(result: Streams, values: Sequence[float]) -> NDArray[np.float64]:
    table = np.full((len(result.names), len(_columns(result))), np.nan)
    for cell, value in zip(result.cells, values, strict=True):
        table[result.names.index(str(cell.name)), cell.level] = round(value, 3)
    return table


def _curves(result: Streams) -> list[Figure]:
    """A drawing a family: the share named from no strain on, step by step."""
    made = []
    for family, title in _FAMILIES.items():
        names = [n for n in result.names if result.of(n)[0].family == family]
        if names:
            made.append(_family(result, family, title, names))
    return made


def _family(result: Streams, family: Family, title: str, names: Sequence[str]) -> Figure:
    curves = []
    for name in names:
        cells = (result.baseline, *result.of(name))
        curves.append(Curve2(name, range(len(cells)), [100 * c.named.value for c in cells]))
    kept = [n for n in names if holds(result.of(n)) == len(result.of(n))]
    lost = [
        f"{n} ({result.of(n)[holds(result.of(n))].step})"
        for n in names
        if holds(result.of(n)) < len(result.of(n))
    ]
    told = f"Fewer than {percent(HOLDS)} from {_listed(lost)}." if lost else ""
    steady = f"All the way {percent(HOLDS)} or more: {_listed(kept)}." if kept else ""
    return lines(
        f"testing-{family}",
        curves,
        x="step: 0 is no strain, then mild to severe",
        y="people named, %",
        steps=True,
        caption=f"{title}: share of enrolled people named, by severity. {told} {steady}".strip(),
        alt=f"Curves of the share named over the steps of {_listed(names)}.",
    )


def _faults(result: Streams) -> tuple[Block, ...]:
    rows = tuple(
        (
            str(c.name),
            c.step,
            _count(c.misnamed),
            _count(c.strangers),
            _count(c.unseen),
            percent(c.lost),
            c.switches,
        )
        for c in result.cells
        if c.misnamed.events or c.strangers.events or c.switches or c.lost > 0.02
    )
    text = Text(
        "A name is wrong here as soon as **a single frame** gives somebody another's, even where "
        "no event says so: as one walks past in front of another, a track can change hands, and "
        "keeps the name until the next close look. A face is lost in a frame in which it is in "
        "plain view and has no track; it is never found where it has none in the whole stream."
    )
    columns = (
        "strain",
        "step",
        "misnamed",
        "strangers named",
        "never found",
        "frames lost",
        "switches",
    )
    if not rows:
        return text, Text("No strain led to a wrong name, a lost face or a switch of tracks.")
    caption = (
        f"The {len(rows)} of {len(result.cells)} steps with a wrong name, a switch of tracks, or "
        "faces lost in over 2 % of the frames."
    )
    return text, Table(columns, rows, caption)


def _attacks(result: Streams) -> tuple[Block, ...]:
    trials = result.presented[0].accepted.trials
    text = Text(
        f"Photographs of {trials} enrolled people are presented for {result.film_seconds:g} "
        f"seconds each, with liveness `require`, checked by {literal(result.check)}, in the "
        "same room, light and camera four times: as a person who looks from side to side (a photo "
        "on a solid head), as a print that a hand moves, as that same film of the person on a "
        "screen, and as one frame that never changes. A film can be named and suspected: the "
        "checks over time speak after five seconds, and whoever relies on them must wait so long."
    )
    rows = tuple(_presented(one) for one in result.presented)
    columns = (
        "shown",
        "named as the person",
        "after, s",
        "spoof suspected",
        "after, s",
        "why, in how many films",
    )
    table = Table(
        columns,
        rows,
        "Named and suspected, with the median seconds until it was said. A person who is suspected "
        "is refused falsely; one who is neither was not recognised by the photograph shown.",
    )
    return text, table, _attack_map(result)


def _presented(one: Presented) -> tuple[str, ...]:
    ranked = sorted(one.reasons.items(), key=lambda told: (-told[1], told[0]))
    why = ", ".join(f"{reason} {count}" for reason, count in ranked[:4])
    return (
        SHOWN[one.act],
        _count(one.accepted),
        _figure(one.accepted_seconds),
        _count(one.suspected),
        _figure(one.suspected_seconds),
        why or "none",
    )


def _attack_map(result: Streams) -> Figure:
    shares = [[p.accepted.value, p.suspected.value] for p in result.presented]
    return heat_map(
        "testing-attacks",
        [SHOWN[one.act] for one in result.presented],
        ["named", "spoof"],
        shares,
        x="",
        y="",
        caption="Shares of films in which the person was named, and in which a spoof was "
        "suspected at some moment. All simulated.",
        alt="Shares named and suspected by what was shown; the figures are in the table above.",
    )


def _table(result: Streams) -> Table:
    columns = (
        "strain",
        "step",
        "named",
        "median s",
        "misnamed",
        "strangers named",
        "frames lost",
        "switches",
    )
    return Table(
        columns,
        tuple(_row(cell) for cell in (result.baseline, *result.cells)),
        f"{result.people} enrolled people and {result.strangers} strangers; in the streams in "
        "which somebody walks past, that stranger counts too. Intervals are Clopper-Pearson's, "
        "95 %.",
    )


def _row(cell: Cell) -> tuple[str | int, ...]:
    low, high = 100 * cell.named.low, 100 * cell.named.high
    return (
        cell.name or "none",
        cell.step,
        f"{_count(cell.named)} ({low:.0f} to {high:.0f} %)",
        _figure(cell.seconds),
        _count(cell.misnamed),
        _count(cell.strangers),
        percent(cell.lost),
        cell.switches,
    )


def _count(rate: Rate) -> str:
    return f"{rate.events} of {rate.trials}"


def _share(rate: Rate) -> str:
    return percent(rate.value)


def _figure(value: float) -> str:
    """Seconds in a cell."""
    return "never" if math.isnan(value) else f"{value:.2f}"


def _seconds(value: float) -> str:
    return "never" if math.isnan(value) else f"{value:.2g} s"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
