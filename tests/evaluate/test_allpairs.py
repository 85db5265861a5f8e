"""All pairs: counts, thresholds and rates against plain loops over the same pairs."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.datasets.lfw import Errata, Erratum
from visavis.datasets.records import Dataset, Picture
from visavis.errors import BadDataset, InputError
from visavis.evaluate import allpairs
from visavis.evaluate.allpairs import STEPS, AllPairs, compare_all, compare_vectors
from visavis.evaluate.embedded import MEASURES, Embedded


def vectors(count: int, seed: int = 0, dim: int = 8) -> np.ndarray:
    raw = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return raw / np.linalg.norm(raw, axis=1, keepdims=True)


def owners(count: int, people: int, seed: int = 0) -> list[str]:
    drawn = np.random.default_rng(seed).integers(0, people, count)
    drawn[:people] = np.arange(people)
    return [f"p{number:03}" for number in drawn]


def compared(count: int = 120, people: int = 30, seed: int = 0, **options) -> AllPairs:
    options = {"dataset": "test", "model": "fake", **options}
    return compare_vectors(vectors(count, seed), owners(count, people, seed), **options)


def plain(count: int, people: int, seed: int, weigh: str) -> list[tuple[bool, float, float]]:
    """(same person, score, weight) of each pair, one by one."""
    matrix, whose = vectors(count, seed), owners(count, people, seed)
    scores, size = matrix @ matrix.T, {p: whose.count(p) for p in whose}
    pairs = []
    for i, j in combinations(range(count), 2):
        same = whose[i] == whose[j]
        n = size[whose[i]] * (size[whose[i]] - 1) / 2 if same else size[whose[i]] * size[whose[j]]
        pairs.append((same, float(scores[i, j]), 1 / n if weigh == "people" else 1.0))
    return pairs


def embedded(names: list[str], seed: int = 0) -> Embedded:
    pictures = tuple(Picture(Path(n), n, n.split("/")[0]) for n in names)
    count = len(names)
    return Embedded(
        Dataset("set", Path(), pictures),
        "system",
        "fake",
        vectors(count, seed),
        np.zeros((count, 4), np.float32),
        np.zeros((count, 5, 2), np.float32),
        np.zeros(count, np.float32),
        np.zeros((count, len(MEASURES)), np.float32),
        {},
    )


@pytest.mark.parametrize("weigh", ["pictures", "people"])
@pytest.mark.parametrize("tail", [10, 500, 10**6])
def test_rates_are_those_of_a_plain_loop(weigh, tail: int) -> None:
    found = compared(weigh=weigh, tail=tail)
    pairs = plain(120, 30, 0, weigh)
    impostor = [(s, w) for same, s, w in pairs if not same]
    genuine = [(s, w) for same, s, w in pairs if same]
    assert (found.impostor_pairs, found.genuine_pairs) == (len(impostor), len(genuine))
    for rate in (0.3, 0.1, 0.03, 0.01, 0.001):
        limit = found.threshold(rate)
        total = sum(w for _, w in impostor)
        share = sum(w for s, w in impostor if s >= limit) / total
        assert share <= rate * (1 + 1e-9)
        assert found.fmr(limit) == pytest.approx(share, abs=1e-12)
        missed = sum(w for s, w in genuine if s < limit) / sum(w for _, w in genuine)
        assert found.fnmr(limit) == pytest.approx(missed, abs=1e-12)
        assert found.tmr(rate) == pytest.approx(1 - missed, abs=1e-12)
        lower = limit - (1e-6 if limit > found.impostors.cut else 1 / STEPS)
        assert sum(w for s, w in impostor if s >= lower) / total > rate


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(1e-4, 0.9), st.integers(1, 3000))
def test_thresholds_agree_with_a_sort(seed: int, rate: float, tail: int) -> None:
    found = compared(60, 20, seed, tail=tail)
    scores = np.sort([s for same, s, _ in plain(60, 20, seed, "pictures") if not same])[::-1]
    allowed = int(rate * len(scores) + 1e-9)
    best = float(scores[allowed])  # the first that must not match
    limit = found.threshold(rate)
    assert best < limit <= best + 1e-6 + 1 / STEPS
    if limit >= found.impostors.cut and rate < found.impostors.lowest:
        assert limit == pytest.approx(np.nextafter(np.float32(best), np.float32(2)), abs=0)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_a_lower_rate_never_has_a_lower_threshold(seed: int) -> None:
    found = compared(50, 12, seed, tail=100, weigh="people")
    limits = [found.threshold(rate) for rate in np.geomspace(0.9, 1e-5, 40)]
    assert limits == sorted(limits)


def test_binning_is_exact_at_the_edges_of_bins() -> None:
    """Cosines of exactly k / 2^16 fall into bin k, and their neighbours below into k - 1."""
    edges = np.array([0.25, 0.5, 1 / STEPS, 12345 / STEPS], np.float32)
    below = np.nextafter(edges, np.float32(-1))
    cosines = np.concatenate([edges, below])
    # each picture's first coordinate is its cosine with the first picture, and the rest is zero
    rows = np.zeros((len(cosines) + 1, 2), np.float32)
    rows[0, 0], rows[1:, 0] = 1, cosines
    names = ["a", *["b"] * len(cosines)]
    found = compare_vectors(rows, names, dataset="t", model="m", tail=1)
    counts = found.histogram
    assert counts.sum() == len(cosines)
    for edge in edges.tolist():
        at = int(edge * STEPS) + STEPS + 1
        assert counts[at] == 1
        assert counts[at - 1] >= 1


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compared(seed=4, weigh="people", tail=50)
    monkeypatch.setattr(allpairs, "BLOCK", 7)
    parts = compared(seed=4, weigh="people", tail=50)
    assert parts.impostor_pairs == whole.impostor_pairs
    assert parts.genuine_scores == pytest.approx(whole.genuine_scores, abs=1e-6)
    assert parts.threshold(1e-3) == pytest.approx(whole.threshold(1e-3), abs=1e-6)
    assert parts.histogram.sum() == pytest.approx(whole.histogram.sum())


def test_top_pairs_are_named_and_never_one_persons() -> None:
    names = [f"{person}/{k}.jpg" for person in "abcdef" for k in range(3)]
    data = embedded(names)
    found = compare_all(data)
    scores = data.vectors @ data.vectors.T
    best = max(
        (float(scores[i, j]), names[i], names[j])
        for i, j in combinations(range(len(names)), 2)
        if names[i][0] != names[j][0]
    )
    first, second = found.top(2)
    assert first.score == pytest.approx(best[0])
    assert {first.first, first.second} == set(best[1:])
    assert first.score >= second.score


def test_errata_leave_out_pictures_and_pairs_of_people() -> None:
    names = [f"{person}/{k}.jpg" for person in ("ann", "bob", "cy") for k in range(2)]
    errata = Errata(
        (
            Erratum("ann/0.jpg", "bob/0.jpg", "same_person", ""),
            Erratum("cy/1.jpg", "", "wrong_name", ""),
        )
    )
    found = compare_all(embedded(names), errata=errata)
    # ann 2, bob 2, cy 1: impostors ann-cy 2 and bob-cy 2; genuine one each of ann and bob
    assert (found.impostor_pairs, found.genuine_pairs) == (4, 2)
    assert found.impostors.total == 4
    by_people = compare_all(embedded(names), errata=errata, weigh="people")
    assert by_people.impostors.total == 2
    assert by_people.histogram.sum() == pytest.approx(2)


def test_pictures_without_a_face_or_a_name_take_no_part() -> None:
    data = embedded(["a/0", "a/1", "b/0", "b/1"])
    data.vectors[1] = np.nan
    assert compare_all(data).impostor_pairs == 2
    assert compare_all(data).genuine_pairs == 1


def test_one_person_alone_is_refused() -> None:
    with pytest.raises(BadDataset, match="two people or more, got 1"):
        compare_vectors(vectors(3), ["a"] * 3, dataset="t", model="m")
    with pytest.raises(BadDataset, match="several names"):
        compare_vectors(vectors(2), ["a", "b"], same=[("a", "b")], dataset="t", model="m")


def test_estimates_below_the_kept_scores_are_refused() -> None:
    found = compared(tail=10)
    with pytest.raises(InputError, match="threshold of"):
        found.false_matches(-0.5)


def test_eer_and_curve_on_separated_scores() -> None:
    rows = np.repeat(np.eye(4, dtype=np.float32), 2, axis=0)  # one person's 1, two people's 0
    found = compare_vectors(rows, list("aabbccdd"), dataset="t", model="m")
    assert found.eer() == 0
    curve = found.curve(50)
    assert (np.diff(curve.fmr) <= 0).all()
    assert (np.diff(curve.fnmr) >= 0).all()
    assert (curve.fmr[0], curve.fnmr[0]) == (1, 0)
    assert (curve.fmr[-1], curve.fnmr[-1]) == (0, 1)


def test_eer_of_overlapping_scores_is_near_that_of_the_plain_scores() -> None:
    from visavis.evaluate.metrics import Scores

    found = compared(seed=9)
    pairs = plain(120, 30, 9, "pictures")
    scores = Scores(
        np.array([s for same, s, _ in pairs if same]),
        np.array([s for same, s, _ in pairs if not same]),
    )
    assert found.eer() == pytest.approx(scores.eer(), abs=0.01)


def test_progress_ends_at_the_end() -> None:
    seen: list[tuple[int, int]] = []
    compared(progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (120, 120)


def test_all_of_lfw(test_data: Path) -> None:
    """As many comparisons as there are pairs of files, whatever the vectors."""
    names = sorted(p.parent.name for p in (test_data / "lfw" / "images").glob("*/*.jpg"))
    found = compare_vectors(vectors(len(names), dim=2), names, dataset="LFW", model="none")
    assert len(found.identities) == 5748
    assert (found.impostor_pairs, found.genuine_pairs) == (87_294_039, 242_257)
