"""Open-set 1:N identification: who is enrolled is found, and strangers are turned away.

After ISO/IEC 19795-1 and NIST's FRVT 1:N: a mated search is right if the probe's own subject comes
first and reaches the threshold, else it is a miss (FNIR). A stranger's search that names anybody
is a false positive (FPIR). A subject scores as its best template; another subject with the same
score ranks before the right one. A probe without a face is a miss and never a false positive; so
is, for mated probes, an own subject whose every picture failed. Intervals resample identities,
mated and strangers together, against the gallery as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from visavis.datasets.records import Dataset
from visavis.errors import BadDataset, InputError
from visavis.evaluate.bootstrap import (
    DRAWS,
    Ints,
    interval,
    rate,
    rates,
    resample,
    score_figures,
)
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.metrics import Rates, Scores
from visavis.evaluate.rates import Rate
from visavis.report.document import plain
from visavis.types import Floats

FPIRS: Final = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3)
RANKS: Final = 50
_NEVER: Final = np.float32(-2)  # below every cosine: no threshold in use is so low
_CELLS = 8_000_000  # scores held at once


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Who is enrolled with what, and who searches: rows of a data set.

    `templates` are grouped by person; `owners` (T,) and `probe_owners` (M,) number the enrolled
    people from 0. `strangers` (S,) are pictures of people who are not enrolled, numbered by
    `stranger_owners` (S,) from 0. `left_out` pictures do neither.
    """

    templates: Ints
    owners: Ints
    probes: Ints
    probe_owners: Ints
    strangers: Ints
    stranger_owners: Ints
    left_out: int

    @property
    def people(self) -> int:
        """How many are enrolled."""
        return int(self.owners[-1]) + 1


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """What every search gave: NaN where there is no such score.

    By mated probe: `own` (M,) the score of its subject, `other` (M,) the best of the others,
    `rank` (M,) of its subject from 1, 0 where it has none. By stranger: `stranger` (S,) the best.
    """

    own: Floats
    other: Floats
    rank: Ints
    stranger: Floats

    @property
    def hits(self) -> Floats:
        """(M,) the score where the own subject comes first; elsewhere below every threshold."""
        return np.where(self.rank == 1, self.own, _NEVER)

    @property
    def alarms(self) -> Floats:
        """(S,) the score of the subject a stranger is likest; without a face below every one."""
        return np.where(np.isfinite(self.stranger), self.stranger, _NEVER)

    @property
    def curves(self) -> Scores:
        """FPIR as `fmr` and FNIR as `fnmr` by threshold. Raises InputError without strangers."""
        return Scores(self.hits, self.alarms)


@dataclass(frozen=True, slots=True)
class SearchPoint:
    """Open-set errors at the lowest threshold whose FPIR on these strangers is at most `fpir`.

    `fnir` counts the misses, its interval with the threshold found anew; `misidentified` are the
    mated probes among them that were named somebody else. `supported` is false where fewer than
    30 false positives are expected of so many strangers.
    """

    fpir: float
    threshold: float
    false_positives: Rate
    fnir: Rate
    misidentified: Rate
    supported: bool


@dataclass(frozen=True, slots=True, eq=False)
class IdentificationResult:
    """A system on a closed and an open set.

    `cmc[k - 1]` is the share of mated probes whose subject is among the first k, failures as
    misses. `points` are empty without strangers. `failed_people` are enrolled people without a
    single template, `left_out` pictures of nobody known or beyond the protocol.
    """

    name: str
    system: str
    model: str
    people: int
    templates: int
    probes: int
    strangers: int
    left_out: int
    failed_people: int
    failed_probes: int
    failed_strangers: int
    rank_one: Rate
    cmc: tuple[float, ...]
    points: tuple[SearchPoint, ...]
    searches: Searches
    notes: tuple[str, ...] = ()

    def summary(self) -> Mapping[str, Any]:
        """The result as JSON knows it, without what is said of each search."""
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "searches"}
        summary: Mapping[str, Any] = plain(kept)
        return summary


def identify_open(
    embedded: Embedded,
    *,
    enrol_per_subject: int = 1,
    probes_per_subject: int = 3,
    held_out: float = 0.0,
    fpirs: Sequence[float] = FPIRS,
    draws: int = DRAWS,
    seed: int = 0,
) -> IdentificationResult:
    """Enrols, searches and counts by the plan of `plan`; FNIR at each of `fpirs`.

    Raises BadDataset where nobody can be both enrolled and searched for.
    """
    who = plan(
        embedded.dataset,
        enrol_per_subject=enrol_per_subject,
        probes_per_subject=probes_per_subject,
        held_out=held_out,
        seed=seed,
    )
    found = search(embedded, who)
    usable = embedded.usable
    pairs = np.column_stack([who.probe_owners, who.probe_owners])
    first = rate(found.rank == 1, pairs, draws=draws, seed=seed)
    return IdentificationResult(
        name=embedded.dataset.name,
        system=embedded.system,
        model=embedded.model,
        people=who.people,
        templates=int(usable[who.templates].sum()),
        probes=len(who.probes),
        strangers=len(who.strangers),
        left_out=who.left_out,
        failed_people=who.people - len(np.unique(who.owners[usable[who.templates]])),
        failed_probes=int((~usable[who.probes]).sum()),
        failed_strangers=int((~usable[who.strangers]).sum()),
        rank_one=first,
        cmc=_cmc(found.rank),
        points=_points(found, who, fpirs, draws, seed) if len(who.strangers) else (),
        searches=found,
        notes=embedded.dataset.notes,
    )


def plan(
    dataset: Dataset,
    *,
    enrol_per_subject: int = 1,
    probes_per_subject: int = 3,
    held_out: float = 0.0,
    seed: int = 0,
) -> Plan:
    """Who has more than `enrol_per_subject` pictures is enrolled with the first of them.

    The next `probes_per_subject` are mated probes. People with fewer pictures are strangers, and
    so is a share `held_out` of the others, drawn by `seed`, for sets in which everybody has
    several; a stranger searches with as many pictures. Pictures without a name do nothing.
    """
    _check(enrol_per_subject, probes_per_subject, held_out)
    groups = _groups(dataset)
    many = [g for g in groups if len(g) > enrol_per_subject]
    order = np.random.default_rng(seed).permutation(len(many))
    drawn, kept = np.split(order, [round(held_out * len(many))])
    enrolled = [many[k] for k in np.sort(kept)]
    if not enrolled:
        raise BadDataset(
            f"{dataset.name}: expected people with more than {enrol_per_subject} pictures, "
            "found none to enrol"
        )
    outside = [g for g in groups if len(g) <= enrol_per_subject] + [many[k] for k in drawn]
    templates, owners = _flat(g[:enrol_per_subject] for g in enrolled)
    last = enrol_per_subject + probes_per_subject
    probes, probe_owners = _flat(g[enrol_per_subject:last] for g in enrolled)
    strangers, stranger_owners = _flat(g[:probes_per_subject] for g in outside)
    left_out = len(dataset) - len(templates) - len(probes) - len(strangers)
    return Plan(templates, owners, probes, probe_owners, strangers, stranger_owners, left_out)


def search(embedded: Embedded, who: Plan) -> Searches:
    """All searches of a plan, in blocks; exact cosines."""
    kept = embedded.usable[who.templates]
    templates = embedded.vectors[who.templates[kept]]
    people, starts = np.unique(who.owners[kept], return_index=True)
    column = np.full(who.people, -1)
    column[people] = np.arange(len(people))
    own, other = (np.full(len(who.probes), np.nan, np.float32) for _ in range(2))
    rank = np.zeros(len(who.probes), np.int64)
    stranger = np.full(len(who.strangers), np.nan, np.float32)
    for part, scores in _blocks(embedded, who.strangers, templates, starts):
        stranger[part] = scores.max(axis=1)
    for part, scores in _blocks(embedded, who.probes, templates, starts):
        own[part], other[part], rank[part] = _place(scores, column[who.probe_owners[part]])
    return Searches(own, other, rank, stranger)


def _blocks(
    embedded: Embedded, rows: Ints, templates: Floats, starts: Ints
) -> Iterable[tuple[Ints, Floats]]:
    """Which of `rows`, and their (B, people) scores: the best template of each person."""
    usable = np.flatnonzero(embedded.usable[rows])
    if not len(templates):
        return
    size = max(_CELLS // len(templates), 1)
    for start in range(0, len(usable), size):
        part = usable[start : start + size]
        scores = embedded.vectors[rows[part]] @ templates.T
        yield part, np.maximum.reduceat(scores, starts, axis=1)


def _place(scores: Floats, column: Ints) -> tuple[Floats, Floats, Ints]:
    """Own score, best other score and rank of each search; `column` -1 where nobody is right."""
    rows = np.flatnonzero(column >= 0)
    own = np.full(len(scores), np.nan, np.float32)
    own[rows] = scores[rows, column[rows]]
    scores[rows, column[rows]] = -np.inf
    other = scores.max(axis=1)
    other[np.isinf(other)] = np.nan
    rank = 1 + (scores >= own[:, None]).sum(axis=1)
    return own, other, np.where(column >= 0, rank, 0)


def _points(
    found: Searches, who: Plan, fpirs: Sequence[float], draws: int, seed: int
) -> tuple[SearchPoint, ...]:
    hits, alarms, curves = found.hits, found.alarms, found.curves
    mated = np.column_stack([who.probe_owners, who.probe_owners])
    strangers = who.people + np.column_stack([who.stranger_owners, who.stranger_owners])
    statistic = score_figures(
        np.concatenate([hits, alarms]), np.arange(len(hits) + len(alarms)) < len(hits), fpirs
    )
    figures = resample(statistic, np.concatenate([mated, strangers]), draws=draws, seed=seed)

    limits = np.array([curves.threshold(fpir) for fpir in fpirs], np.float32)
    wrong = (found.rank != 1)[:, None] & (found.other[:, None] >= limits)
    missed = rates(hits[:, None] < limits, mated, draws=draws, seed=seed)
    misnamed = rates(wrong, mated, draws=draws, seed=seed)
    alarmed = rates(alarms[:, None] >= limits, strangers, draws=draws, seed=seed)
    return tuple(
        SearchPoint(
            fpir=fpir,
            threshold=float(limits[k]),
            false_positives=alarmed[k],
            fnir=_with_spread(missed[k], 1 - figures[:, 2 + k]),
            misidentified=misnamed[k],
            supported=curves.supported(fpir),
        )
        for k, fpir in enumerate(fpirs)
    )


def _with_spread(fixed: Rate, figures: Rates) -> Rate:
    """The rate with the interval of resampled figures, where there were events to resample."""
    if fixed.events in (0, fixed.trials):
        return fixed
    return Rate(fixed.events, fixed.trials, *interval(figures, fixed.confidence), fixed.confidence)


def _cmc(rank: Ints) -> tuple[float, ...]:
    return tuple(float(((rank > 0) & (rank <= k)).mean()) for k in range(1, RANKS + 1))


def _groups(dataset: Dataset) -> list[Ints]:
    """The rows of each person, people and rows in the set's own order of each."""
    order = np.argsort(dataset.owners, kind="stable")
    ends = np.searchsorted(dataset.owners[order], np.arange(len(dataset.identities)))
    return np.split(order, ends)[1:]


def _flat(groups: Iterable[Ints]) -> tuple[Ints, Ints]:
    """All rows of the groups, and the number of the group of each."""
    rows = list(groups)
    owners = np.repeat(np.arange(len(rows)), [len(g) for g in rows])
    return np.concatenate([np.empty(0, np.int64), *rows]), owners


def _check(enrol: int, probes: int, held_out: float) -> None:
    if enrol < 1 or probes < 1 or not 0 <= held_out < 1:
        raise InputError(
            "expected a picture or more to enrol and to search with, and a share of strangers "
            f"from 0 to below 1, got {enrol}, {probes}, {held_out}"
        )
