"""Matches counted in blocks, and intervals that know that pairs share pictures."""

import itertools
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

from visavis.evaluate import matches


def unit(rng: np.random.Generator, count: int, dim: int = 8) -> NDArray[np.float32]:
    raw = rng.standard_normal((count, dim)).astype(np.float32)
    return raw / np.linalg.norm(raw, axis=1, keepdims=True)


@pytest.fixture(params=[4, 1024])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answers whether there is one block or several."""
    monkeypatch.setattr(matches, "_BLOCK", request.param)


@pytest.mark.usefixtures("block")
def test_counts_as_plain_loops(rng: np.random.Generator) -> None:
    vectors, groups = unit(rng, 23), rng.integers(0, 3, 23)
    found = matches.count(vectors, groups, 3, [0.1, 0.4])
    for t, threshold in enumerate((0.1, 0.4)):
        for i in range(23):
            for g in range(3):
                others = [j for j in range(23) if j != i and groups[j] == g]
                hits = sum(float(vectors[i] @ vectors[j]) >= threshold for j in others)
                assert found[t, i, g] == hits


@pytest.mark.usefixtures("block")
def test_highest_pairs_once_each(rng: np.random.Generator) -> None:
    vectors = unit(rng, 19)
    pairs = [
        (float(vectors[i] @ vectors[j]), i, j) for i, j in itertools.combinations(range(19), 2)
    ]
    wanted = sorted(pairs, reverse=True)[:7]
    found = matches.highest(vectors, 7)
    assert [(i, j) for i, j, _ in found] == [(i, j) for _, i, j in wanted]
    assert [s for _, _, s in found] == pytest.approx([s for s, _, _ in wanted], abs=1e-6)
    assert len(matches.highest(vectors, 10_000)) == len(pairs)
    scores = np.sort(matches.scores_within(vectors))
    assert scores == pytest.approx(sorted(s for s, _, _ in pairs), abs=1e-6)


def test_rates_by_hand() -> None:
    # pictures 0 1 2 | 3 4; matching pairs: 0-1, 0-2, 1-2 within the first group (3 of 3), none
    # within the second (0 of 1), 0-3, 1-3, 2-4 across (3 of 6)
    within, groups = np.array([2, 2, 2, 0, 0]), np.array([0, 0, 0, 1, 1])
    first, second = np.array([1, 1, 1]), np.array([2, 1])
    same = matches.rate_same(within, groups)
    assert (same.events, same.trials) == (3, 4)
    other = matches.rate_other(np.concatenate([first, second]), groups)
    assert (other.events, other.trials) == (3, 6)
    across = matches.rate_across(first, second)
    assert (across.events, across.trials) == (3, 6)
    own = matches.rate_within(within[:3])
    assert (own.events, own.trials) == (3, 3)


def test_the_jackknife_by_hand() -> None:
    # 5 pictures, 10 pairs, picture 0 matches 1, 2 and 3: 3 events, rate 0.3
    # left out: 0 -> 0/6; 1, 2, 3 -> 2/6 each; 4 -> 3/6. Mean 1.5/5 = 0.3
    # variance = 4/5 * (0.09 + 3 * (1/3 - 0.3)^2 + 0.04) = 4/5 * 0.133333 = 0.1066667
    rate = matches.rate_within(np.array([3, 1, 1, 1, 0]))
    reach = np.exp(1.959964 * np.sqrt(0.1066667) / 0.3)
    assert rate.value == pytest.approx(0.3)
    assert rate.low == pytest.approx(0.3 / reach, rel=1e-4)
    assert rate.high == 1.0  # 0.3 * reach is 2.53


def test_within_one_group_it_is_the_jackknife_of_identities(rng: np.random.Generator) -> None:
    from visavis.evaluate.jackknife import of_pairs

    raw = rng.standard_normal((60, 8))
    raw[::3] += 0.7  # some are alike, so that pictures differ in how often they match
    vectors = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    first, second = np.nonzero(np.triu(vectors @ vectors.T > 0.5, 1))
    people = np.stack([first, second], axis=1).astype(np.int32)
    other = of_pairs(people, np.ones(len(people)), np.full(60, 59.0))
    rate = matches.rate_within(np.bincount(people.ravel(), minlength=60))
    spread = np.log(rate.high / rate.value) / matches.Z
    assert spread == pytest.approx(other.spread, rel=1e-3)


def test_few_events_give_a_cautious_interval() -> None:
    # no event among 40 pictures: 20 pairs share none, and 1 - 0.025^(1/20) = 0.1684
    none = matches.rate_within(np.zeros(40, np.int64))
    assert (none.low, none.high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 20)))
    one = np.zeros(40, np.int64)
    one[:2] = 1
    few = matches.rate_within(one)
    assert few.low <= few.value < none.high < few.high
    assert matches.rate_within(np.zeros(1, np.int64)).trials == 0


@pytest.mark.parametrize("kind", ["within", "across"])
def test_intervals_hold_the_truth_as_often_as_they_say(kind: str) -> None:
    # scores a_i + b_j + e_ij: pictures differ in how easily they match. Such a sum is normal with
    # a variance of 3, so the truth is known. Intervals that take pairs for independent hold it
    # far less often.
    rng = np.random.default_rng(5)

    def hits(m: int, n: int) -> NDArray[np.bool_]:
        a, b = rng.standard_normal(m), rng.standard_normal(n)
        if m == n and kind == "within":
            b = a
        noise = rng.standard_normal((m, n))
        noise = np.triu(noise, 1) + np.triu(noise, 1).T if kind == "within" else noise
        return a[:, None] + b + noise > 3.5

    def measured(size: int) -> tuple[float, float, float, float]:
        found = hits(size, size)
        if kind == "within":
            np.fill_diagonal(found, False)
            rate = matches.rate_within(found.sum(axis=1))
        else:
            rate = matches.rate_across(found.sum(axis=1), found.sum(axis=0))
        half = 1.96 * np.sqrt(rate.value * (1 - rate.value) / rate.trials)
        return rate.value, rate.low, rate.high, half

    truth = 1 - NormalDist(0, 3**0.5).cdf(3.5)
    runs = [measured(100) for _ in range(300)]
    covered = np.mean([low <= truth <= high for _, low, high, _ in runs])
    naive = np.mean([abs(value - truth) <= half for value, _, _, half in runs])
    assert 0.90 <= covered <= 0.99
    assert naive < 0.75
