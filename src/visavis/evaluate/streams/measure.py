"""The live pipeline on scripted streams, condition by condition, and under simulated attacks."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median
from typing import Final, Literal, TypeAlias

from visavis.batching import Progress, batch
from visavis.datasets.films import ACTS, Act
from visavis.datasets.lfw import Errata
from visavis.datasets.records import Dataset
from visavis.evaluate.rates import Rate
from visavis.evaluate.streams import spoof
from visavis.evaluate.streams.cast import Cast, Desk, choose_cast
from visavis.evaluate.streams.conditions import STRAINS, Change, Family, Strain, change
from visavis.evaluate.streams.spoof import Answer, present
from visavis.evaluate.streams.staging import SECONDS, Group, groups, staged
from visavis.evaluate.streams.trial import Fate, Rig, play
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.video.watch import Eyes

Mode: TypeAlias = Literal["off", "report", "require"]
ENROLLED: Final = 200
"""Size of the gallery, most of whom never appear."""
FILMED: Final = 12
"""People whose photographs are presented at the most."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One strain at one step; `name` is None for none.

    `named`: enrolled people whom an event named rightly, `seconds` the median until then, NaN for
    nobody. `misnamed`: enrolled people, and `strangers`: strangers, whom any frame gave another's
    name. `unseen`: people who never had a track; `lost`: the share of frames, after the first
    second, in which a face in plain view had none. `switches`: how often people changed tracks.
    """

    name: str | None
    family: Family | None
    level: int
    step: str
    named: Rate
    seconds: float
    misnamed: Rate
    strangers: Rate
    unseen: Rate
    lost: float
    switches: int


@dataclass(frozen=True, slots=True)
class Presented:
    """What was said of one kind of presentation, with liveness required.

    `accepted`: named as the person; `suspected`: the event `spoof_suspected` came. Seconds are
    medians until then, NaN for never. `reasons`: in how many films a check gave each.
    """

    act: Act
    accepted: Rate
    suspected: Rate
    unseen: Rate
    accepted_seconds: float
    suspected_seconds: float
    reasons: Mapping[str, int]


@dataclass(frozen=True)
class Streams:
    """What `measure` found. `cells` are in the order of the strains, mild to severe."""

    dataset: str
    model: str
    check: str
    people: int
    strangers: int
    enrolled: int
    fpir: float
    threshold: float
    seconds: float
    film_seconds: float
    seed: int
    baseline: Cell
    cells: tuple[Cell, ...]
    presented: tuple[Presented, ...]
    notes: tuple[str, ...] = ()

    def of(self, name: str) -> tuple[Cell, ...]:
        """The steps of a strain, mild to severe."""
        return tuple(c for c in self.cells if c.name == name)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The strains measured."""
        return tuple(dict.fromkeys(c.name for c in self.cells if c.name is not None))


def measure(
    pipeline: Pipeline,
    eyes: Eyes,
    dataset: Dataset,
    *,
    people: int = 20,
    enrolled: int = ENROLLED,
    seed: int = 0,
    policy: Policy | None = None,
    check: str = "",
    strains: Sequence[Strain] = STRAINS,
    acts: Sequence[Act] = ACTS,
    errata: Errata | None = None,
    progress: Progress | None = None,
) -> Streams:
    """Shows streams with `people` enrolled people and half as many strangers; the same each time.

    `policy` states the FPIR; liveness is off in the streams of `strains`, and required in the
    films of `acts`, where the pipeline must have a check, named `check`. Raises BadDataset where
    the set has too few people, and NotMeasured as the policy says.
    """
    policy = policy or Policy()
    cast = choose_cast(
        pipeline, dataset, people=people, enrolled=enrolled, seed=seed, errata=errata
    )
    open_rig = _rig(pipeline, eyes, cast, policy, "off")
    strict = _rig(pipeline, eyes, cast, policy, "require")
    steps = [(s, level) for s in strains for level in range(len(s.values))]
    work = len(steps) + 1 + len(acts)
    cells = [_cell(open_rig, cast, None, 0, seed)]
    _tell(progress, 1, work)
    for strain, level in steps:
        cells.append(_cell(open_rig, cast, strain, level, seed))
        _tell(progress, len(cells), work)
    presented = []
    for act in acts:
        presented.append(_presented(strict, cast, act, seed))
        _tell(progress, len(cells) + len(presented), work)
    return Streams(
        dataset=dataset.name,
        model=pipeline.embedder.model,
        check=check,
        people=len(cast.known),
        strangers=len(cast.strangers),
        enrolled=len(cast.names),
        fpir=policy.fpir,
        threshold=open_rig.desk.threshold.score,
        seconds=SECONDS,
        film_seconds=spoof.SECONDS,
        seed=seed,
        baseline=cells[0],
        cells=tuple(cells[1:]),
        presented=tuple(presented),
        notes=_notes(cast, people, enrolled),
    )


def _rig(pipeline: Pipeline, eyes: Eyes, cast: Cast, policy: Policy, liveness: Mode) -> Rig:
    decided = replace(policy, liveness=liveness)
    return Rig(pipeline, eyes, Desk(cast.names, cast.templates, pipeline, decided))


def _cell(rig: Rig, cast: Cast, strain: Strain | None, level: int, seed: int) -> Cell:
    done = Change() if strain is None else change(strain.name, strain.values[level])
    name = "" if strain is None else strain.name

    def run(group: Group) -> list[Fate]:
        scene, roles = staged(group, name, done, seed)
        return list(play(rig, scene, roles, done).values())

    fates = [fate for outcome in batch(run, groups(cast)) for fate in outcome.unwrap()]
    return _counted(fates, strain, level)


def _counted(fates: Sequence[Fate], strain: Strain | None, level: int) -> Cell:
    known = [f for f in fates if f.enrolled]
    strange = [f for f in fates if not f.enrolled]
    after = [f.named_after for f in known if f.named_after is not None]
    shown = sum(f.shown for f in fates)
    return Cell(
        name=None if strain is None else strain.name,
        family=None if strain is None else strain.family,
        level=level,
        step="as staged" if strain is None else strain.step(level),
        named=Rate.of(len(after), len(known)),
        seconds=_median(after),
        misnamed=Rate.of(sum(f.wrong for f in known), len(known)),
        strangers=Rate.of(sum(f.wrong for f in strange), len(strange)),
        unseen=Rate.of(sum(f.unseen for f in fates), len(fates)),
        lost=sum(f.lost for f in fates) / shown if shown else math.nan,
        switches=sum(f.switches for f in fates),
    )


def _presented(rig: Rig, cast: Cast, act: Act, seed: int) -> Presented:
    found = batch(lambda role: present(rig, role, act, seed), cast.known[:FILMED])
    answers = [outcome.unwrap() for outcome in found]
    accepted = [a.accepted for a in answers if a.accepted is not None]
    suspected = [a.suspected for a in answers if a.suspected is not None]
    return Presented(
        act=act,
        accepted=Rate.of(len(accepted), len(answers)),
        suspected=Rate.of(len(suspected), len(answers)),
        unseen=Rate.of(sum(not a.seen for a in answers), len(answers)),
        accepted_seconds=_median(accepted),
        suspected_seconds=_median(suspected),
        reasons=_reasons(answers),
    )


def _reasons(answers: Sequence[Answer]) -> dict[str, int]:
    """In how many films a check gave each reason, the most common first."""
    return dict(Counter(reason for a in answers for reason in a.reasons).most_common())


def _median(values: Sequence[float]) -> float:
    return median(values) if values else math.nan


def _tell(progress: Progress | None, done: int, of: int) -> None:
    if progress is not None:
        progress(done, of)


def _notes(cast: Cast, people: int, enrolled: int) -> tuple[str, ...]:
    """What there was less of than asked for."""
    asked = (("people to show", people, len(cast.known)), ("enrolled", enrolled, len(cast.names)))
    return tuple(
        f"{wanted} {what} were asked for, the set has {got}"
        for what, wanted, got in asked
        if got < wanted
    )
