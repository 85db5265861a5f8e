"""Rates from kept scores, worked by hand."""

import math

import numpy as np
import pytest

from visavis.datasets.records import BONA_FIDE
from visavis.errors import InputError
from visavis.evaluate.liveness import Answers, Check, LivenessResults, Matched, Shown
from visavis.evaluate.liveness_rates import (
    bona_fide,
    by_group,
    by_subject,
    rated,
    together,
)

NAN = math.nan
# subject, species, score, group: the threshold is 0.5
ROWS = [
    ("ada", BONA_FIDE, 0.9, "x"), ("ada", BONA_FIDE, 0.4, "x"), ("ada", "print", 0.1, "x"),
    ("ben", BONA_FIDE, 0.8, "y"), ("ben", "print", 0.8, "y"), ("ben", "mask", 0.2, "y"),
    ("cleo", BONA_FIDE, NAN, "y"), ("cleo", "print", 0.3, "y"), ("cleo", "screen", NAN, "y"),
]  # fmt: skip


def results(**given: object) -> tuple[LivenessResults, Answers]:
    subjects, species, scores, groups = zip(*ROWS, strict=True)
    shown = Shown("set", "recorded", species, subjects, {"group": groups})
    answers = Answers("c", "set", 0.5, np.array(scores), **given)  # type: ignore[arg-type]
    made = LivenessResults((Check("c", "C", "ours"),), (shown,), (answers,))
    return made, answers


def test_species_without_any_response_are_named_and_left_out() -> None:
    one = rated(*results())
    assert one.silent == ("screen",)
    assert [a.species for a in one.pad.attacks] == ["mask", "print"]
    # print: 0.1, 0.8, 0.3 -> 1 of 3 passes; bona fide 0.9, 0.4, 0.8 -> 1 of 3 refused
    assert (one.pad.apcer.events, one.pad.apcer.trials) == (1, 3)
    assert (one.pad.bpcer.events, one.pad.bpcer.trials) == (1, 3)
    assert one.hardest == "print"
    assert one.eer_of("mask") == 0
    assert np.isnan(one.eer_of("screen"))
    assert one.eer == one.eer_of("print") > 0


def test_a_held_out_species_alone() -> None:
    made, answers = results(training="mechanism_out", held_out="mask")
    one = rated(made, answers)
    assert [a.species for a in one.pad.attacks] == ["mask"]
    assert (one.pad.bona_fide.error.trials, one.eer) == (3, 0)
    made, answers = results(training="mechanism_out", held_out="hologram")
    with pytest.raises(InputError, match="expected hologram"):
        rated(made, answers)


def test_each_presentation_against_its_own_threshold() -> None:
    """Bona fide 0.9, 0.4, 0.8 against 0.95, 0.3, 0.8; prints 0.1, 0.8, 0.3 to 0.1, 0.9, 0.2."""
    own = np.array([0.95, 0.3, 0.1, 0.8, 0.9, 0.5, 0.5, 0.2, 0.5])
    made, answers = results(thresholds=own)
    one = rated(made, answers)
    # 0.9 < 0.95 alone is refused; 0.1 >= 0.1 and 0.3 >= 0.2 pass; the mask's 0.2 < 0.5 does not
    assert [(a.species, a.error.events) for a in one.pad.attacks] == [("mask", 0), ("print", 2)]
    assert one.pad.bpcer.events == 1
    assert one.pad.threshold == 0.5
    assert one.eer == rated(*results()).eer
    assert bona_fide(made, answers)[0].events == 1
    match = Matched("e", "set", 0.3, np.full(9, 0.9))
    assert together(made, answers, match).worst.iapar.events == 2
    with pytest.raises(InputError, match="as many thresholds"):
        results(thresholds=own[:3])
    with pytest.raises(InputError, match="a threshold for every score"):
        results(thresholds=np.where(own == 0.95, NAN, own))


def test_by_subject() -> None:
    found = by_subject(*results())
    # ada: bona fide 0.9, 0.4 over print 0.1 -> EER 0; ben: 0.8 against print 0.8, mask 0.2 -> a tie
    # is an error of either kind at any threshold, EER 1/2; cleo has no live response
    assert [name for name, _ in found.subjects] == ["ada", "ben"]
    assert found.missing == ("cleo",)
    assert found.subjects[0][1].eer == 0
    assert found.worst[0] == "ben"
    assert found.mean_eer == found.worst[1].eer / 2 == pytest.approx(0.25)


def test_no_subject_with_both_classes() -> None:
    shown = Shown("set", "recorded", (BONA_FIDE, "print"), ("a", "b"))
    answers = Answers("c", "set", 0.5, np.array([0.9, 0.1]))
    made = LivenessResults((Check("c", "C", "ours"),), (shown,), (answers,))
    with pytest.raises(InputError, match="subjects with both classes"):
        by_subject(made, answers)


def test_bona_fide_and_groups() -> None:
    made, answers = results()
    refused, silent = bona_fide(made, answers)
    assert (refused.events, refused.trials) == (1, 3)
    assert (silent.events, silent.trials) == (1, 4)
    found = by_group(made, answers, "group")
    # x: 0.9 and 0.4 -> 1 of 2; y: 0.8 and none -> 0 of 1
    assert [(name, rate.events, rate.trials) for name, rate in found.groups] == [
        ("x", 1, 2), ("y", 0, 1),
    ]  # fmt: skip
    assert found.spread == 0.5
    assert not found.apart


def test_groups_far_apart_are_apart() -> None:
    count = 200
    scores = np.r_[np.full(count, 0.9), np.full(count, 0.1)]
    shown = Shown(
        "s", "bona_fide", (BONA_FIDE,) * 2 * count, (), {"g": ("a",) * count + ("b",) * count}
    )
    answers = Answers("c", "s", 0.5, scores)
    made = LivenessResults((Check("c", "C", "ours"),), (shown,), (answers,))
    found = by_group(made, answers, "g")
    assert (found.groups[0][0], found.spread, found.apart) == ("b", 1.0, True)


def test_together() -> None:
    made, answers = results()
    match = Matched("e", "set", 0.3, np.array([0.9] * 3 + [0.9, 0.9, 0.1] + [0.9] * 3))
    both = together(made, answers, match)
    # print: scores 0.1, 0.8, 0.3 all match; 0.8 passes both
    assert (both.worst.species, both.worst.iapar.events, both.worst.iapar.trials) == ("print", 1, 3)
    assert both.bona_fide.no_response == 1
