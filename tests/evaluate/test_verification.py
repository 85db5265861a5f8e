"""Verification by protocol: worked by hand, against scikit-learn, and with failures to enrol."""

import json
import math
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from evaluate_sets import pairs_of
from visavis.errors import InputError
from visavis.evaluate.verification import VerificationResult, verify_pairs
from visavis.report.significance import outcomes

FEW = 50  # draws: intervals are tested with `bootstrap`
FOLDS = [
    [(0.9, 1), (0.6, 1), (0.1, 0), (0.3, 0)],
    [(0.8, 1), (0.2, 1), (0.0, 0), (0.4, 0)],
    [(0.7, 1), (0.75, 1), (0.15, 0), (0.65, 0)],
]


def measure(folds: list[list[tuple[float, int]]], **options: object) -> VerificationResult:
    embedded, pairs = pairs_of(folds)
    return verify_pairs(embedded, pairs, draws=FEW, **options)  # type: ignore[arg-type]


def test_three_folds_by_hand() -> None:
    found = measure(FOLDS)
    # Fold 1, from 2 and 3: genuine .2 .7 .75 .8, impostors 0 .15 .4 .65. Between .65 and .7
    # only the genuine .2 is wrong: 7 of 8, and no other gap is as good. Threshold .675:
    # .9 matches, .6 does not (wrong), .1 and .3 do not: 3 of 4.
    # Fold 2, from 1 and 3: genuine .6 .7 .75 .9, impostors .1 .15 .3 .65. Between .3 and .6 only
    # .65 is wrong (7 of 8); between .65 and .7 only .6 is wrong, as good, but the lower is taken.
    # Threshold .45: .8 matches, .2 does not (wrong), 0 and .4 do not: 3 of 4.
    # Fold 3, from 1 and 2: genuine .2 .6 .8 .9, impostors 0 .1 .3 .4: between .4 and .6, .5.
    # .7 and .75 match, .15 does not, .65 does (wrong): 3 of 4.
    assert [f.threshold for f in found.folds] == pytest.approx([0.675, 0.45, 0.5])
    assert [f.accuracy for f in found.folds] == [0.75, 0.75, 0.75]
    assert found.accuracy is not None
    assert (found.accuracy.value, found.standard_error) == (0.75, 0)
    assert found.chosen_on == "other folds"
    assert found.correct.reshape(3, 4).tolist() == [
        [True, False, True, True],
        [True, False, True, True],
        [True, True, True, False],
    ]
    # pooled: 4 of 6 genuine match, 1 of 6 impostors
    c = found.confusion
    assert (c.true_match, c.false_non_match, c.true_non_match, c.false_match) == (4, 2, 5, 1)
    assert (found.frr.value, found.far.value) == (2 / 6, 1 / 6)
    assert (c.precision, c.recall) == (4 / 5, 4 / 6)
    assert c.f1 == pytest.approx(8 / 11)
    # the best for all twelve: between .4 and .6, wrong are .2 and .65
    assert (found.best_accuracy, found.best_threshold) == pytest.approx((10 / 12, 0.5))
    assert found.people == 6 + 6 * 2


def test_the_standard_error_is_over_folds() -> None:
    # at a threshold of .5 from the development list: 2, 1 and 0 of 2 right
    folds = [[(0.9, 1), (0.1, 0)], [(0.9, 1), (0.8, 0)], [(0.1, 1), (0.8, 0)]]
    embedded, pairs = pairs_of([*folds, [(0.6, 1), (0.4, 0)]])
    test = type(pairs)("test", pairs.dataset, pairs.folds[:3])
    development = type(pairs)("development", pairs.dataset, pairs.folds[3:])
    found = verify_pairs(embedded, test, development=development, draws=FEW)
    assert found.chosen_on == "development"
    assert [f.threshold for f in found.folds] == pytest.approx([0.5] * 3)
    assert [f.accuracy for f in found.folds] == [1, 0.5, 0]
    assert found.accuracy is not None
    assert found.accuracy.value == 0.5
    # standard deviation of 1, .5, 0 is .5 with ddof 1; over sqrt(3)
    assert found.standard_error == pytest.approx(0.5 / math.sqrt(3))


def test_one_list_alone_has_no_fair_accuracy() -> None:
    found = measure([[pair for fold in FOLDS for pair in fold]])
    assert (found.chosen_on, found.accuracy, found.standard_error) == ("same pairs", None, None)
    assert found.best_accuracy == found.folds[0].accuracy == pytest.approx(10 / 12)


PAIR = st.tuples(st.integers(-8, 8).map(lambda n: n / 8), st.integers(0, 1))
FOLD = st.lists(PAIR, min_size=2, max_size=8)


@given(st.lists(FOLD, min_size=2, max_size=10))
@settings(max_examples=40)
def test_ten_folds_against_scikit_learn(folds: list[list[tuple[float, int]]]) -> None:
    folds = [[*fold, (1.0, 1), (-1.0, 0)] for fold in folds]  # both kinds in each
    found = measure(folds)
    matched, truth, accuracies = [], [], []
    for k, fold in enumerate(folds):
        others = [pair for j, other in enumerate(folds) if j != k for pair in other]
        values = sorted({score for score, _ in others})
        limits = [-1, *((a + b) / 2 for a, b in pairwise(values)), 1.1]
        best = max(limits, key=lambda t: sum((s >= t) == same for s, same in others))
        matched.append([int(s >= best) for s, _ in fold])
        truth.append([same for _, same in fold])
        accuracies.append(accuracy_score(truth[-1], matched[-1]))
    assert found.accuracy is not None
    assert found.accuracy.value == pytest.approx(np.mean(accuracies))
    y, p = [*chain(*truth)], [*chain(*matched)]
    (tn, fp), (fn, tp) = confusion_matrix(y, p, labels=[0, 1])
    c = found.confusion
    assert (c.true_non_match, c.false_match, c.false_non_match, c.true_match) == (tn, fp, fn, tp)
    precision, recall, f1, _ = precision_recall_fscore_support(y, p, average="binary")
    assert (c.precision, c.recall, c.f1) == pytest.approx((precision, recall, f1))
    assert found.far.value == pytest.approx(fp / (fp + tn))
    assert found.frr.value == pytest.approx(1 - recall)


def test_failures_are_wrong_and_missed_but_no_false_matches() -> None:
    nothing = float("nan")
    folds = [
        [(0.9, 1), (nothing, 1), (0.1, 0), (nothing, 0)],
        [(0.8, 1), (0.7, 1), (0.0, 0), (0.2, 0)],
    ]
    found = measure(folds, fmrs=(0.0,))
    assert found.failed_pictures == 2
    assert [f.accuracy for f in found.folds] == [0.5, 1]  # two of four could not be compared
    c = found.confusion
    assert (c.failed_genuine, c.failed_impostor, c.false_match) == (1, 1, 0)
    assert (found.frr.events, found.frr.trials) == (1, 4)
    assert (found.far.events, found.far.trials) == (0, 4)
    assert c.recall == 3 / 4
    assert c.f1 == pytest.approx(6 / 7)
    # the curve sees three pairs of each kind, well apart; TMR counts the failure as a miss
    assert (found.auc.value, found.eer.value) == (1, 0)
    assert found.points[0].tmr.value == 3 / 4
    assert math.isnan(found.points[0].tmr.low)  # in all draws the three that were compared match
    assert found.best_accuracy == 6 / 8


def test_points_say_what_the_pairs_support() -> None:
    pairs = [(0.9, 1)] * 30 + [(k / 1000, 0) for k in range(300)]
    points = {p.fmr: p for p in measure([pairs]).points}
    assert [points[f].supported for f in (1e-1, 1e-2, 1e-6)] == [True, False, False]
    # 30 of 300 impostors may match: .270 to .299, so the limit lies just above .269
    assert points[1e-1].threshold == pytest.approx(0.269, abs=1e-5)
    # all 30 genuine pairs match: the interval is that of 30 people, as with any such count
    assert points[1e-1].tmr.value == 1
    assert points[1e-1].tmr.low == pytest.approx(0.025 ** (1 / 30))


def test_the_summary_is_json_without_single_pairs() -> None:
    found = measure(FOLDS)
    summary = json.loads(json.dumps(found.summary()))
    assert (summary["genuine"], summary["impostor"]) == (6, 6)
    assert summary["accuracy"]["value"] == 0.75
    assert summary["recall"] == pytest.approx(4 / 6)
    assert summary["folds"][1]["pairs"] == 4
    assert "compared" not in summary
    assert "correct" not in summary
    assert json.dumps(measure(FOLDS).summary()) == json.dumps(found.summary())


def test_pairs_of_one_kind_are_refused() -> None:
    with pytest.raises(InputError, match="impostor scores"):
        measure([[(0.9, 1), (0.8, 1)]])


def test_two_systems_compare_pair_by_pair() -> None:
    impostors = [(0.0, 0)] * 10
    first = measure([[(0.9, 1)] * 10 + impostors])
    # the second misses six genuine pairs: they lie below its impostors
    second = measure([[(-0.9, 1)] * 6 + [(0.9, 1)] * 4 + impostors])
    found = outcomes(first.correct.tolist(), second.correct.tolist())
    assert found.difference == pytest.approx(-6 / 20)
    assert found.p == pytest.approx(2 * 0.5**6)  # six heads or six tails
