"""Tails fitted to synthetic scores whose tail is known."""

import numpy as np
import pytest

from visavis.errors import InputError, NotMeasured
from visavis.evaluate.impostors import Impostors
from visavis.evaluate.tail import choose, fit, log_likelihood
from visavis.policy import Tail

PEOPLE = 2000


def impostors(excess: np.ndarray, cut: float = 0.3, people: int = PEOPLE) -> Impostors:
    """Comparisons of random people that score `cut` and `excess` more."""
    rng = np.random.default_rng(0)
    scores = np.sort(cut + excess).astype(np.float32)[::-1]
    pairs = rng.integers(0, people, (len(scores), 2)).astype(np.int32)
    pairs[:, 1] = (pairs[:, 0] + 1 + pairs[:, 1] % (people - 1)) % people
    none = np.zeros((0, 2), np.int64)
    weights, sizes = np.ones(len(scores)), np.ones(people)
    return Impostors(scores, pairs, pairs, weights, sizes, none, cut)


def exponential(count: int = 20_000, scale: float = 0.03, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).exponential(scale, count)


def pareto(shape: float, count: int = 20_000, scale: float = 0.02, seed: int = 1) -> np.ndarray:
    chance = np.random.default_rng(seed).random(count)
    return scale * (chance**-shape - 1) / shape


@pytest.mark.parametrize("kind", ["pareto", "quadratic"])
def test_an_exponential_tail_is_recovered(kind) -> None:
    found = fit(impostors(exponential()), 5e-3, kind)
    assert found.scale == pytest.approx(0.03, rel=0.05)
    assert found.rate == pytest.approx(5e-3, rel=1e-3)
    assert found.fmr(found.start + 0.03) == pytest.approx(found.rate / np.e, rel=0.05)
    bend = found.shape if kind == "pareto" else found.shape * found.scale**2
    assert abs(bend) < 0.03


@pytest.mark.parametrize("shape", [-0.2, 0.25])
def test_a_pareto_tail_is_recovered(shape: float) -> None:
    """Above u the excess is generalised Pareto again, its scale grown by shape * u."""
    set_ = impostors(pareto(shape))
    found = fit(set_, 5e-3, "pareto")
    assert found.shape == pytest.approx(shape, abs=0.04)
    assert found.scale == pytest.approx(0.02 + shape * (found.start - 0.3), rel=0.06)


def test_a_bent_tail_is_recovered() -> None:
    """Survival exp(-x / 0.05 - 100 x^2), drawn by inversion of the quadratic."""
    gain = -np.log(np.random.default_rng(3).random(20_000))
    x = (-20 + np.sqrt(400 + 400 * gain)) / 200
    found = fit(impostors(x), 0.00999, "quadratic")
    assert found.scale == pytest.approx(0.05, rel=0.15)
    assert found.shape == pytest.approx(100, rel=0.15)


def test_weights_count() -> None:
    """Two populations; the weights of one are nothing, so the other's tail is found."""
    excess = np.concatenate([exponential(10_000, 0.02), exponential(10_000, 0.06, seed=2)])
    kept = np.arange(20_000) < 10_000
    order = np.argsort(-excess)
    base = impostors(excess)
    weights = np.where(kept[order], 1.0, 1e-9)
    mixed = Impostors(
        base.scores, base.pictures, base.people, weights, base.sizes, base.merged, base.cut
    )
    found = fit(mixed, mixed.lowest / 2, "pareto")
    assert found.scale == pytest.approx(0.02, rel=0.08)


def test_too_few_scores_are_refused() -> None:
    with pytest.raises(InputError, match="ten scores"):
        fit(impostors(exponential(100)), 3e-6, "pareto")
    assert choose(impostors(exponential(50)), 1e-6) is None


def test_the_interval_holds_the_truth_and_grows() -> None:
    set_ = impostors(exponential())
    found = choose(set_, 1e-5)
    assert found is not None
    assert [c.held_out for c in found.candidates] == sorted(
        (c.held_out for c in found.candidates), reverse=True
    )
    widths = []
    for rate in (1e-5, 1e-6, 1e-7):
        score = 0.3 + 0.03 * np.log(20_000 / 1_999_000 / rate)  # where the truth is `rate`
        low, high = found.interval(score)
        assert low <= rate <= high
        widths.append(high / low)
    assert widths == sorted(widths)


def test_a_low_rate_is_foretold_from_a_higher() -> None:
    """From 1 in 10^4 and above, the threshold of 1 in 10^6, on people not seen."""
    set_ = impostors(pareto(0.1, 40_000))
    half = np.arange(PEOPLE) < PEOPLE // 2
    seen, unseen = set_.among(half), set_.among(~half)
    tail = fit(seen, 1e-3, "pareto")
    score = tail.start + tail.scale * ((tail.rate / 3e-5) ** tail.shape - 1) / tail.shape
    assert unseen.fmr(score) == pytest.approx(3e-5, rel=0.8)


def test_impossible_scores_are_as_unlikely_as_can_be() -> None:
    short = Tail("pareto", 0.3, 1e-3, 0.05, -0.5)  # ends at 0.4
    scores, weights = np.array([0.45]), np.ones(1)
    assert log_likelihood(short, scores, weights, 0.3) == -50
    assert short.fmr(0.45) == 0


def test_the_likelihood_is_a_density() -> None:
    """Its integral over all scores above the start is one."""
    for tail in (Tail("pareto", 0.3, 1e-3, 0.03, 0.1), Tail("quadratic", 0.3, 1e-3, 0.03, 50.0)):
        grid = np.linspace(0.35, 2.5, 200_001)
        one = np.ones(1)
        logs = [log_likelihood(tail, grid[k : k + 1], one, 0.35) for k in range(0, 200_001, 100)]
        step = grid[100] - grid[0]
        assert np.exp(logs).sum() * step == pytest.approx(1, abs=0.03)


def test_rates_above_the_cut_cannot_be_read() -> None:
    set_ = impostors(exponential())
    with pytest.raises(NotMeasured, match="below 1"):
        set_.threshold(0.5)
    with pytest.raises(InputError, match="threshold of"):
        set_.fmr(0.1)


def test_cutting_higher_changes_no_rate() -> None:
    set_ = impostors(exponential())
    higher = set_.above(0.35)
    assert higher.cut == 0.35
    for rate in (1e-4, 1e-5):
        assert higher.threshold(rate) == set_.threshold(rate)
        assert higher.estimate(set_.threshold(rate)) == set_.estimate(set_.threshold(rate))


def test_a_part_of_the_people_is_compared_among_itself() -> None:
    set_ = impostors(exponential(), people=40)
    chosen = np.arange(40) < 10
    part = set_.among(chosen)
    assert part.total == 45
    assert chosen[part.people].all()
    assert (part.reach[:10] == 9).all()
    assert (part.reach[10:] == 0).all()
