"""The fit against scikit-learn's, and the points against plain loops."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.datasets.records import BONA_FIDE, Picture
from visavis.errors import BadDataset, InputError
from visavis.evaluate.fuse import LEAST, balance, fit, logistic, looks, measure, points
from visavis.image import save
from visavis.targets import LivenessTable, LiveTarget
from visavis.testing import FakeDetector, FakeLooker, fake_photo
from visavis.types import Floats

linear_model = pytest.importorskip("sklearn.linear_model")
NAMED = {"bona_fide": "door", "attacks": "prints"}


def shown(count: int = 200, seed: int = 1) -> tuple[dict[str, Floats], list[str]]:
    """Two checks that overlap, the second weaker; as many live people as of each attack."""
    rng = np.random.default_rng(seed)
    species = [BONA_FIDE] * count + ["print"] * count + ["mask"] * count
    live = np.array([s == BONA_FIDE for s in species])
    strong = np.where(live, 2.0, -2.0) + rng.normal(0, 2.0, 3 * count)
    weak = np.where(live, 1.0, -1.0) + rng.normal(0, 4.0, 3 * count)
    return {"a": strong.astype(np.float32), "b": weak.astype(np.float32)}, species


def test_the_fit_is_scikit_learns() -> None:
    """Its penalty is 1 / (2 C) of the slopes, ours half of 1e-3 with weights that sum to 1; both
    on columns of unit variance."""
    logits, species = shown()
    x = np.stack(list(logits.values()), axis=1).astype(np.float64)
    live = np.array([s == BONA_FIDE for s in species])
    weights = balance(species)
    slopes, bias = logistic(x, live, weights)
    spread = np.sqrt(weights @ (x - weights @ x) ** 2)
    known = linear_model.LogisticRegression(C=1e3, tol=1e-10, max_iter=1000)
    known.fit(x / spread, live, sample_weight=weights)
    np.testing.assert_allclose(slopes, known.coef_[0] / spread, rtol=1e-4)
    assert bias == pytest.approx(known.intercept_[0], abs=1e-4)


def test_a_check_that_counts_backwards_is_not_counted() -> None:
    logits, species = shown()
    x = np.stack([logits["a"], -logits["b"]], axis=1).astype(np.float64)
    live = np.array([s == BONA_FIDE for s in species])
    slopes, bias = logistic(x, live, balance(species))
    alone, its_bias = logistic(x[:, :1], live, balance(species))
    assert slopes[1] == 0
    np.testing.assert_allclose((slopes[0], bias), (alone[0], its_bias), rtol=1e-4)
    with pytest.raises(InputError, match="score higher than attacks"):
        fit({"b": -logits["b"]}, species, **NAMED)


def test_a_networks_scale_does_not_matter() -> None:
    logits, species = shown()
    small = fit({"a": logits["a"]}, species, **NAMED).of("a")
    large = fit({"a": logits["a"] * 100}, species, **NAMED).of("a")
    assert large.weights[0] * 100 == pytest.approx(small.weights[0], rel=1e-3)
    np.testing.assert_allclose(
        [p[0] for p in small.table.points], [p[0] for p in large.table.points], atol=1e-4
    )


def test_separable_sets_have_a_finite_fit() -> None:
    logits = np.array([5.0] * 30 + [-5.0] * 30, np.float32)
    [found] = fit({"a": logits}, [BONA_FIDE] * 30 + ["print"] * 30, **NAMED).combinations
    assert 0 < found.weights[0] < 10
    limit = found.table.threshold(LiveTarget())
    assert found.scores([[-5.0]])[0] < limit <= found.scores([[5.0]])[0]


def test_every_set_of_checks_is_fitted_on_what_all_of_them_answered() -> None:
    logits, species = shown()
    logits["b"][:50] = np.nan
    table = fit(logits, species, **NAMED)
    assert [c.checks for c in table.combinations] == [("a",), ("b",), ("a", "b")]
    assert [c.table.bona_fide for c in table.combinations] == [
        "door, 200",
        "door, 150",
        "door, 150",
    ]
    assert table.of("a").table.attacks == "prints, 400"
    seen = ~np.isnan(logits["b"])
    known = fit(
        {"a": logits["a"][seen], "b": logits["b"][seen]},
        [s for s, ok in zip(species, seen, strict=True) if ok],
        **NAMED,
    )
    # within a species all that answered weigh the same, but bona fide as a whole weigh less here
    np.testing.assert_allclose(table.of("ab").weights, known.of("ab").weights, rtol=0.1)


def test_the_fitted_score_is_a_probability() -> None:
    """Where the score says 0.7, about 0.7 of the (balanced) presentations are live."""
    logits, species = shown(count=4000)
    attacks = np.array([s == "mask" for s in species])
    kept = ~attacks  # as many live as attacks
    live = np.array([s == BONA_FIDE for s in species])[kept]
    some = [s for s, ok in zip(species, kept, strict=True) if ok]
    found = fit({"a": logits["a"][kept]}, some, **NAMED).of("a")
    scores = found.scores(logits["a"][kept][:, None])
    for low in (0.1, 0.3, 0.5, 0.7):
        inside = (scores >= low) & (scores < low + 0.2)
        assert live[inside].mean() == pytest.approx(scores[inside].mean(), abs=0.06)


grades = st.lists(st.integers(0, 50).map(lambda i: i / 50), min_size=1, max_size=60)


@given(grades, grades, grades)
def test_points_are_the_rates_counted(live: list[float], a: list[float], b: list[float]) -> None:
    species = [BONA_FIDE] * len(live) + ["a"] * len(a) + ["b"] * len(b)
    found = points(np.array([*live, *a, *b]), species)
    LivenessTable(found, "", "")  # rising thresholds and BPCER, falling APCER
    for limit, bpcer, apcer in found:
        refused = sum(score < limit for score in live)
        assert bpcer == max(refused, 1) / len(live)
        shares = [max(sum(s >= limit for s in each), 1) / len(each) for each in (a, b)]
        assert apcer == max(shares)


def test_a_grid_rate_has_the_best_threshold_there_is() -> None:
    """100 live people at 0.50, 0.51, …: a BPCER of 5 % refuses the first five, up to 0.55."""
    live = 0.5 + np.arange(100) / 250
    scores = np.concatenate([live, np.full(50, 0.3)])
    table = LivenessTable(points(scores, [BONA_FIDE] * 100 + ["print"] * 50), "", "")
    assert table.threshold(LiveTarget(bpcer=0.05)) == pytest.approx(live[5], abs=1e-5)
    # all 50 attacks are below 0.300001; no rate under 1 in 50 can be claimed
    assert table.threshold(LiveTarget(apcer=0.02)) == pytest.approx(0.300001, abs=1e-9)
    assert min(p[2] for p in table.points) == 0.02


def test_without_attacks_the_apcer_is_not_known() -> None:
    found = points(np.linspace(0.5, 0.9, 40), [BONA_FIDE] * 40)
    assert {apcer for _, _, apcer in found} == {1.0}
    with pytest.raises(InputError, match="bona fide"):
        points(np.array([0.5]), ["print"])


def test_weights_balance_species_and_sets() -> None:
    # half to live people: set x has 2 of them, y 1, so 1/8, 1/8, 1/4; half to attacks: two
    # species, a quarter each, of which print is shared by its two sets
    species = [BONA_FIDE, BONA_FIDE, BONA_FIDE, "print", "print", "mask"]
    sets = ["x", "x", "y", "x", "y", "y"]
    expected = [1 / 8, 1 / 8, 1 / 4, 1 / 8, 1 / 8, 1 / 4]
    np.testing.assert_allclose(balance(species, sets), expected)
    np.testing.assert_allclose(balance(species), [1 / 6] * 3 + [1 / 8, 1 / 8, 1 / 4])
    for bad in (["print", "print"], [BONA_FIDE]):
        with pytest.raises(InputError, match="bona fide presentations and attacks"):
            balance(bad)
    with pytest.raises(InputError, match="a set for each"):
        balance(species, ["x"])


def test_another_camera_moves_the_thresholds_and_not_the_weights() -> None:
    logits, species = shown()
    table = fit(logits, species, **NAMED)
    darker = {name: values - 4 for name, values in logits.items()}
    own = measure(table, darker, species, bona_fide="cellar", attacks="prints")
    for before, after in zip(table.combinations, own.combinations, strict=True):
        assert (before.weights, before.bias) == (after.weights, after.bias)
        assert after.table.bona_fide == "cellar, 200"
        scores = after.scores(np.stack([darker[n] for n in after.checks], axis=1)[:200])
        assert (scores < after.table.threshold(LiveTarget())).mean() <= 0.05
        assert (scores < before.table.threshold(LiveTarget())).mean() > 0.1


def test_a_set_of_checks_with_too_few_answers_keeps_its_thresholds() -> None:
    logits, species = shown()
    table = fit(logits, species, **NAMED)
    few = {"a": logits["a"][:LEAST], "b": np.full(LEAST, np.nan, np.float32)}
    own = measure(table, few, species[:LEAST], bona_fide="door", attacks="")
    assert own.of("a").table.attacks == "none"
    assert own.of("b") is table.of("b")
    assert own.of("ab") is table.of("ab")
    fewer = {name: values[: LEAST - 1] for name, values in few.items()}
    with pytest.raises(BadDataset, match="20 or more"):
        measure(table, fewer, species[: LEAST - 1], bona_fide="door", attacks="")


def test_what_cannot_be_fitted_is_refused() -> None:
    logits, species = shown(count=10)
    with pytest.raises(BadDataset, match="20 or more"):
        fit(logits, species, **NAMED)
    with pytest.raises(InputError, match="600 logits"):
        fit(logits, shown()[1], **NAMED)
    blind = {"a": np.full(600, np.nan, np.float32)}
    with pytest.raises(InputError, match="answers of a to live people"):
        fit(blind, shown()[1], **NAMED)


def test_looks_are_nan_where_nothing_can_be_told(tmp_path: Path) -> None:
    pictures = []
    for name, people in (("one", ["ada"]), ("none", [])):
        save(fake_photo(*people), tmp_path / f"{name}.png")
        pictures.append(Picture(tmp_path / f"{name}.png", name))
    (tmp_path / "bad.png").write_bytes(b"no image")
    pictures.append(Picture(tmp_path / "bad.png", "bad"))
    steps: list[tuple[int, int]] = []
    found = looks(
        FakeDetector(),
        [FakeLooker("a", 1.5), FakeLooker("b", None)],
        pictures,
        progress=lambda *step: steps.append(step),
    )
    np.testing.assert_array_equal(found["a"], [1.5, np.nan, np.nan])
    assert np.isnan(found["b"]).all()
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_a_threshold_holds_for_the_worst_set_not_for_the_mixture() -> None:
    """100 easy live faces at 0.9 and 20 hard ones from 0.05 to 1: at a BPCER of 10 % two of the
    hard ones may fall short, so the threshold is the third, 0.15."""
    hard = np.arange(1, 21) / 20
    scores = np.concatenate([np.full(100, 0.9), hard, [0.01] * 10])
    species = [BONA_FIDE] * 120 + ["print"] * 10
    sets = ["easy"] * 100 + ["hard"] * 20 + ["attacks"] * 10
    at = {rate: limit for limit, rate, _ in points(scores, species, sets)}
    assert at[0.1] == pytest.approx(0.15)
    mixed = {rate: limit for limit, rate, _ in points(scores, species)}
    assert max(limit for rate, limit in mixed.items() if rate <= 0.1) > 0.5


def test_even_weights_ask_live_people_alone() -> None:
    """Whatever the attacks: the slopes stand as 1 to the deviations over live people."""
    logits, species = shown()
    live = np.array([s == BONA_FIDE for s in species])
    spread = [np.std(logits[name][live]) for name in "ab"]
    hard = {name: np.where(live, values, values + 1.5) for name, values in logits.items()}
    for given_logits in (logits, hard):
        found = fit(given_logits, species, even=True, **NAMED).of("ab")
        assert found.weights[0] / found.weights[1] == pytest.approx(spread[1] / spread[0], rel=1e-4)
    alone = fit(logits, species, **NAMED).of("a")
    even = fit(logits, species, even=True, **NAMED).of("a")
    assert even.weights == pytest.approx(alone.weights, rel=1e-3)
    assert even.bias == pytest.approx(alone.bias, rel=1e-2)


def test_judgements_by_the_face_alone_are_a_column_of_their_own(tmp_path: Path) -> None:
    save(fake_photo("ada"), tmp_path / "a.png")
    lookers = [FakeLooker("ours", 1.5, face_alone=True), FakeLooker("theirs", 2.5)]
    found = looks(FakeDetector(), lookers, [Picture(tmp_path / "a.png", "a.png")])
    assert np.isnan(found["ours"]).all()
    assert found["ours:face"].tolist() == [1.5]
    assert found["theirs"].tolist() == [2.5]


def test_a_set_of_few_people_says_nothing_of_its_own() -> None:
    scores = np.concatenate([np.linspace(0.5, 1, 100), [0.01, 0.02]])
    sets = ["door"] * 100 + ["visitors"] * 2
    assert points(scores, [BONA_FIDE] * 102, sets) == points(scores[:100], [BONA_FIDE] * 100)


def test_with_bound_the_stated_bpcer_is_the_upper_end_of_its_interval() -> None:
    """Of 200 people at most four may be refused: the interval of 4 in 200 ends at 5.04 %, that of
    3 at 4.32 %. So at 5 % three fall short and the threshold is the fourth score."""
    scores = np.arange(1, 201) / 201
    found = points(scores, [BONA_FIDE] * 200, bound=True)
    limit = LivenessTable(found, "x", "x").threshold(LiveTarget(bpcer=0.05))
    assert limit == pytest.approx(4 / 201, abs=2e-6)
    plain = LivenessTable(points(scores, [BONA_FIDE] * 200), "x", "x")
    assert plain.threshold(LiveTarget(bpcer=0.05)) == pytest.approx(11 / 201, abs=2e-6)
