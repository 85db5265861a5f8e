"""Strangers in random galleries, against what the table foretells."""

from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.records import Dataset, Picture
from visavis.errors import BadDataset
from visavis.evaluate.calibrate import calibrate
from visavis.evaluate.embedded import MEASURES, Embedded
from visavis.evaluate.fpir import FpirCheck, measure_fpir
from visavis.evaluate.rates import Rate
from visavis.policy import Calibration, false_positives
from visavis.types import Threshold


def crowd(people: int, each: int, seed: int = 0, dim: int = 16) -> Embedded:
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.standard_normal((people, dim)), each, axis=0)
    raw = (centres + 0.3 * rng.standard_normal(centres.shape)).astype(np.float32)
    names = [f"p{k:04}/{n}.jpg" for k in range(people) for n in range(each)]
    pictures = tuple(Picture(Path(n), n, n.split("/")[0]) for n in names)
    count = len(names)
    return Embedded(
        Dataset("crowd", Path(), pictures),
        "system",
        "fake",
        raw / np.linalg.norm(raw, axis=1, keepdims=True),
        np.zeros((count, 4), np.float32),
        np.zeros((count, 5, 2), np.float32),
        np.zeros(count, np.float32),
        np.zeros((count, len(MEASURES)), np.float32),
        {},
    )


def test_the_rate_of_a_search_worked_by_hand() -> None:
    """Two templates, each mistaken once in ten: 1 - 0.9 * 0.9 = 0.19."""
    assert false_positives(0.1, 2) == pytest.approx(0.19)
    assert false_positives(0.1, 1) == pytest.approx(0.1)
    assert false_positives(1e-12, 1000) == pytest.approx(1e-9)
    assert false_positives(1.0, 5) == 1


def test_random_people_meet_the_prediction() -> None:
    data = crowd(600, 2)
    checks = measure_fpir(data, calibrate(data), fpir=0.1, sizes=(20, 200), galleries=10)
    assert [c.templates for c in checks] == [20, 200]
    assert [c.strangers for c in checks] == [580, 400]
    assert all(c.holds and c.safe for c in checks)
    assert all(c.predicted == pytest.approx(0.1, rel=0.02) for c in checks)


def test_a_table_of_others_does_not_hold() -> None:
    """Thresholds of people in 64 dimensions, used where 8 make everybody more alike."""
    strange = calibrate(crowd(300, 2, dim=64))
    (check,) = measure_fpir(crowd(300, 2, dim=8), strange, fpir=0.1, sizes=(50,), galleries=3)
    assert check.measured.value > 0.3
    assert not check.holds
    assert not check.safe


def test_several_templates_a_person_name_no_more_strangers_than_stated() -> None:
    data = crowd(400, 4)
    (check,) = measure_fpir(data, calibrate(data), fpir=0.1, sizes=(240,), each=4, galleries=10)
    assert (check.people, check.templates) == (60, 240)
    assert check.safe


def test_galleries_leave_strangers_over() -> None:
    data = crowd(100, 2)
    checks = measure_fpir(data, calibrate(data), fpir=0.3, sizes=(50, 500, 5000), galleries=2)
    assert [(c.people, c.strangers) for c in checks] == [(50, 50), (80, 20)]


def test_the_seed_decides() -> None:
    data = crowd(200, 2)
    table = calibrate(data)
    a, b, c = (
        measure_fpir(data, table, fpir=0.2, sizes=(30,), galleries=2, seed=s) for s in (1, 1, 2)
    )
    assert a == b
    assert a != c


def test_nobody_with_enough_pictures_is_an_error() -> None:
    data = crowd(50, 1)
    with pytest.raises(BadDataset, match="3 pictures or more"):
        measure_fpir(data, calibrate(crowd(50, 3)), each=3)


@pytest.mark.parametrize(
    ("measured", "interval", "holds", "safe"),
    [
        (Rate(50, 1000, 0.04, 0.06), None, True, True),
        (Rate(20, 1000, 0.01, 0.03), None, False, True),
        (Rate(20, 1000, 0.01, 0.03), (0.015, 0.06), True, True),
        (Rate(90, 1000, 0.07, 0.11), (0.04, 0.06), False, False),
    ],
)
def test_what_holds_and_what_is_safe(measured: Rate, interval, holds: bool, safe: bool) -> None:
    check = FpirCheck(10, 10, 1, 1000, Threshold(0.4, 0.05, False, interval), 0.05, measured)
    assert (check.holds, check.safe) == (holds, safe)


def test_the_explicit_table_is_used() -> None:
    everything = Calibration(((0.5, -1.0), (1e-6, -0.9)), "loose", 1)
    (check,) = measure_fpir(crowd(50, 1), everything, fpir=0.5, sizes=(5,), galleries=1)
    assert check.measured.value == 1
