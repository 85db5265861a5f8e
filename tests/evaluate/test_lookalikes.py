"""One person under two names is found; strangers are not."""

import numpy as np
import pytest

from planted import CALIBRATION, dataset_of, embedded_of, vectors_of
from visavis.evaluate.lookalikes import find_look_alikes, strictest
from visavis.policy import Calibration

TRUE = [f"p{i:02d}" for i in range(20) for _ in range(4)]


def test_one_person_under_two_names_is_found() -> None:
    shown = ["p03" if who == "p11" else who for who in TRUE]
    found = find_look_alikes(embedded_of(dataset_of(TRUE), vectors_of(shown)), CALIBRATION)
    (pair,) = found.people
    assert (pair.first, pair.second) == ("p03", "p11")
    assert pair.means > 0.9
    assert (pair.over, pair.pairs) == (16, 16)
    assert (found.limit, found.similar_pairs, found.similar_people) == (0.6, 16, 1)
    # 80 pictures, 20 people of 4: 80 * 79 / 2 - 20 * 6 = 3040 pairs of two people
    assert (found.impostor_pairs, found.people_pairs) == (3040, 190)
    assert found.chance_pairs == pytest.approx(0.00304)


def test_a_single_picture_under_the_wrong_name_has_few_pairs_over_and_unlike_means() -> None:
    shown = list(TRUE)
    shown[40] = "p05"
    found = find_look_alikes(embedded_of(dataset_of(TRUE), vectors_of(shown)), CALIBRATION)
    (pair,) = found.pictures
    assert found.people == ()
    assert pair.means < 0.6
    assert (pair.over, pair.pairs) == (4, 16)
    assert "p10/40.jpg" in pair.names


def test_strangers_and_lost_faces_give_none() -> None:
    vectors = vectors_of(TRUE)
    vectors[:4] = np.nan
    found = find_look_alikes(embedded_of(dataset_of(TRUE), vectors), CALIBRATION)
    assert (found.people, found.pictures, found.similar_pairs) == ((), (), 0)
    assert found.people_pairs == 19 * 18 // 2


def test_beyond_the_calibration_its_lowest_rate_is_taken() -> None:
    table = Calibration(((1e-2, 0.3), (1e-4, 0.5)), "x", 10, identities=5, measured=1e-4)
    assert strictest(table, 1e-6).score == 0.5
    assert strictest(table, 1e-6).rate == 1e-4
