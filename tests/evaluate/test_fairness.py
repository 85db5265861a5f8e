"""Fairness: who is compared with whom, by hand and against plain loops."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.records import Dataset, Picture
from visavis.errors import BadDataset, InputError
from visavis.evaluate.embedded import MEASURES, Embedded
from visavis.evaluate.fairness import By, Fairness, Spread, differential, measure
from visavis.evaluate.rates import Rate
from visavis.policy import QualityLimits
from visavis.types import Threshold

LIMIT = Threshold(0.3, 0.1)
BY_RACE = (By(("race",)),)


def toy(labels: list[dict[str, str]], *, dim: int = 6, seed: int = 1) -> Embedded:
    """Random faces; the first picture of every ten gave none."""
    rng = np.random.default_rng(seed)
    pictures = tuple(
        Picture(Path(f"{i}.png"), f"{i}.png", None, row) for i, row in enumerate(labels)
    )
    count = len(pictures)
    vectors = rng.standard_normal((count, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[::10] = np.nan
    quality = np.zeros((count, len(MEASURES)), np.float32)
    quality[:, MEASURES.index("score")] = rng.random(count)
    quality[:, MEASURES.index("size")] = 100
    quality[:, MEASURES.index("sharpness")] = np.where(np.arange(count) % 7 == 1, 0.01, 0.5)
    quality[:, MEASURES.index("brightness")] = 0.5
    quality[:, MEASURES.index("contrast")] = 0.2
    blank = [np.zeros((count, *shape), np.float32) for shape in ((4,), (5, 2), ())]
    data = Dataset("toy", Path(), pictures)
    errors = {f"{i}.png": "no_face" for i in range(0, count, 10)}
    return Embedded(data, "toy", "toy-1", vectors, *blank, quality, errors)


def people(count: int) -> list[dict[str, str]]:
    races, ages = ("A", "B", "C"), ("3-9", "20-29", "10-19", "more than 70")
    return [{"race": races[i % 3], "age": ages[i % 4], "gender": "fm"[i % 2]} for i in range(count)]


@pytest.fixture(scope="module")
def found() -> tuple[Embedded, Fairness]:
    embedded = toy(people(90))
    by = (By(("race",)), By(("age",)), By(("race", "gender"), ("age", ("20-29",)), "grown up"))
    return embedded, measure(embedded, [LIMIT, Threshold(0.6, 0.01)], by=by, top=5)


def test_cells_as_plain_loops(found: tuple[Embedded, Fairness]) -> None:
    embedded, result = found
    pictures, vectors = embedded.dataset.pictures, embedded.vectors
    for grouping in result.groupings:
        for at in grouping.limits:
            names = [g.name for g in grouping.groups]
            hits, pairs = np.zeros((2, len(names), len(names)), int)
            for i, j in itertools.combinations(np.flatnonzero(embedded.usable), 2):
                rows = [pictures[i].attributes, pictures[j].attributes]
                if grouping.by.only and any(r["age"] != "20-29" for r in rows):
                    continue
                a, b = (names.index(", ".join(r[x] for x in grouping.by.attributes)) for r in rows)
                match = float(vectors[i] @ vectors[j]) >= at.limit.score
                for row, column in {(a, b), (b, a)}:
                    hits[row, column] += match
                    pairs[row, column] += 1
            assert [[c.events for c in row] for row in at.cells] == hits.tolist()
            assert [[c.trials for c in row] for row in at.cells] == pairs.tolist()
            assert at.same.events == sum(r.events for r in at.within) == np.trace(hits)
            assert at.other.trials == np.triu(pairs, 1).sum()
            assert at.other.events == np.triu(hits, 1).sum()


def test_overall_is_all_pairs(found: tuple[Embedded, Fairness]) -> None:
    _, result = found
    race = result.groupings[0].limits[0]
    assert result.overall[0].trials == 81 * 80 // 2 == race.same.trials + race.other.trials
    assert result.overall[0].events == race.same.events + race.other.events


def test_groups_in_the_order_of_age(found: tuple[Embedded, Fairness]) -> None:
    _, result = found
    assert [g.name for g in result.groupings[1].groups] == ["3-9", "10-19", "20-29", "more than 70"]
    assert result.groupings[2].by.name == "race × gender (grown up)"


def test_detected_and_refused_by_hand(found: tuple[Embedded, Fairness]) -> None:
    # A holds pictures 0, 3, 6, … 87, thirty of them: 0, 30 and 60 gave no face; of the others 15,
    # 36, 57 and 78 (7 k + 1) are blurred
    _, result = found
    group = result.groupings[0].groups[0]
    assert (group.detected.events, group.detected.trials) == (27, 30)
    assert (group.refused.events, group.refused.trials) == (3 + 4, 30)
    assert group.pictures == 30
    assert group.size.mean == 100
    lower, middle, upper = group.quality.quartiles
    assert lower < middle < upper
    assert group.quality.low < group.quality.mean < group.quality.high


def test_limits_of_quality_can_be_others() -> None:
    loose = measure(toy(people(90)), [LIMIT], by=BY_RACE, quality=QualityLimits(min_sharpness=0))
    assert loose.groupings[0].groups[0].refused.events == 3


def test_the_threshold_that_a_group_needs(found: tuple[Embedded, Fairness]) -> None:
    # 27 faces of A make 351 pairs, 35 expected at 0.1: measurable; at 0.01 only 3.5
    embedded, result = found
    first, second = result.groupings[0].limits
    assert second.needed == (None,) * 3
    rows = [i for i in range(0, 90, 3) if embedded.usable[i]]
    scores = [
        float(embedded.vectors[i] @ embedded.vectors[j]) for i, j in itertools.combinations(rows, 2)
    ]
    needed = first.needed[0]
    assert needed is not None
    assert sum(s >= needed for s in scores) == 35
    assert first.measurable(first.within[0])
    assert not second.measurable(second.within[0])
    assert second.surprising(Rate(30, 351, 0.0, 1.0))
    assert not second.surprising(Rate(29, 351, 0.0, 1.0))
    assert not first.surprising(Rate(200, 351, 0.0, 1.0))


def test_top_pairs_and_left_out(found: tuple[Embedded, Fairness]) -> None:
    embedded, result = found
    assert len(result.top) == 5
    best = result.top[0]
    a, b = (int(n.removesuffix(".png")) for n in (best.first, best.second))
    assert best.score == pytest.approx(float(embedded.vectors[a] @ embedded.vectors[b]))
    fewer = measure(embedded, [LIMIT], by=BY_RACE, leave_out=frozenset({best.second}))
    assert (fewer.pictures, fewer.left_out) == (89, 1)
    assert best.second not in {n for look in fewer.top for n in (look.first, look.second)}
    assert fewer.overall[0].trials == 80 * 79 // 2
    assert sum(g.pictures for g in fewer.groupings[0].groups) == 89


def test_pictures_without_a_label_are_in_no_group() -> None:
    rows = people(40)
    rows[5] = {"race": "", "age": "20-29", "gender": "f"}
    result = measure(toy(rows), [LIMIT], by=BY_RACE)
    assert sum(g.pictures for g in result.groupings[0].groups) == 39


def test_what_cannot_be_measured() -> None:
    embedded = toy(people(20))
    with pytest.raises(BadDataset, match="labels for shoe"):
        measure(embedded, [LIMIT], by=(By(("shoe",)),))
    with pytest.raises(InputError, match="stands for a rate"):
        measure(embedded, [Threshold(0.4)], by=BY_RACE)
    twice = Dataset(
        "toy", Path(), tuple(replace(p, identity="ada") for p in embedded.dataset.pictures)
    )
    with pytest.raises(BadDataset, match="one picture a person"):
        measure(replace(embedded, dataset=twice), [LIMIT], by=BY_RACE)
    with pytest.raises(BadDataset, match="two pictures"):
        names = frozenset(p.name for p in embedded.dataset.pictures)
        measure(embedded, [LIMIT], by=BY_RACE, leave_out=names)


def near(value: float, part: float, trials: int = 100_000) -> Rate:
    return Rate(round(value * trials), trials, value / part, value * part)


def test_differential_by_hand() -> None:
    # rates 1 %, 2 %, 4 %: ratio 4; geometric mean 2 %, so 2 to it; each within a factor of 1.2:
    # the interval of the ratio reaches exp(sqrt(2) * log 1.2) = 1.294 to each side
    rates = [near(0.01, 1.2), near(0.02, 1.2), near(0.04, 1.2), Rate(5, 10, 0.4, 0.6)]
    found = differential("abcd", rates, 0.01)  # d has pairs for no more than 0.1 events
    assert found is not None
    assert (found.highest, found.lowest) == ("c", "a")
    assert found.ratio == pytest.approx(4)
    assert found.to_mean == pytest.approx(2)
    assert (found.low, found.high) == pytest.approx((4 / 1.2942, 4 * 1.2942), rel=1e-3)
    assert found.noise < found.ratio


def test_noise_parts_equal_groups_about_as_much_as_it_says(rng: np.random.Generator) -> None:
    factor = 1.3
    error = np.log(factor) / 1.96
    runs = []
    for _ in range(300):
        rates = [near(0.02 * np.exp(error * z), factor) for z in rng.standard_normal(5)]
        found = differential("abcde", rates, 0.01, draws=1000)
        assert found is not None
        runs.append(found.ratio <= found.noise)
    assert 0.90 <= np.mean(runs) <= 0.99


def test_no_differential_without_groups_or_matches() -> None:
    assert differential("ab", [near(0.01, 1.2), Rate(0, 10, 0, 1)], 0.01) is None
    assert differential("ab", [near(0.01, 1.2), Rate(0, 100_000, 0, 0.1)], 0.01) is None


def test_spread_of_few() -> None:
    assert np.isnan(Spread.of(np.zeros(0, np.float32)).mean)
    one = Spread.of(np.ones(1, np.float32))
    assert one.mean == 1
    assert np.isnan(one.low)
