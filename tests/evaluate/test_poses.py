from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.lfw import Errata, Erratum
from visavis.datasets.records import Dataset, Picture
from visavis.evaluate.embedded import MEASURES, Embedded
from visavis.evaluate.poses import by_expression, by_yaw, genuine_pairs, mouth_width


def embedded(people: str, yaws: list[float], widths: list[float], match: list[bool]) -> Embedded:
    """One picture a letter; those that do not match their person point elsewhere."""
    count = len(people)
    pictures = tuple(Picture(Path(f"{i}.png"), f"{i}.png", who) for i, who in enumerate(people))
    vectors = np.zeros((count, 40), np.float32)
    for i, who in enumerate(people):
        vectors[i, ord(who) - ord("a") if match[i] else 20 + i] = 1
    landmarks = np.zeros((count, 5, 2), np.float32)
    landmarks[:, 1, 0] = 40
    landmarks[:, 4, 0] = 40 * np.array(widths)
    quality = np.zeros((count, len(MEASURES)), np.float32)
    quality[:, MEASURES.index("yaw")] = yaws
    boxes = np.tile(np.float32([0, 0, 9, 9]), (count, 1))
    scores = np.ones(count, np.float32)
    dataset = Dataset("small", Path(), pictures)
    return Embedded(dataset, "fake", "fake-1", vectors, boxes, landmarks, scores, quality, {})


def test_all_pairs_of_a_person_and_none_of_two() -> None:
    data = embedded("abaab", [0] * 5, [1] * 5, [True] * 5)
    first, second = genuine_pairs(data, None)
    found = sorted(tuple(sorted(p)) for p in zip(first.tolist(), second.tolist(), strict=True))
    assert found == [(0, 2), (0, 3), (1, 4), (2, 3)]


def test_pairs_leave_out_what_has_no_face_and_what_the_errata_name() -> None:
    data = embedded("aaaa", [0] * 4, [1] * 4, [True] * 4)
    data.vectors[1] = np.nan
    errata = Errata((Erratum("3.png", "", "wrong_name", ""),))
    first, second = genuine_pairs(data, errata)
    assert (first.tolist(), second.tolist()) == ([0], [2])


def test_yaw_is_that_of_the_more_turned_picture_and_each_person_counts_once() -> None:
    # a: 5 and -25 -> 20..30, matches. b: 0, 3 -> 0..10, the second does not match.
    # c: three pictures at 12 -> three pairs, counted as one. d: 50, 0 -> 45..90, matches.
    people = "aabbcccdd"
    yaws = [5, -25, 0, 3, 12, 12, 12, 50, 0]
    match = [True, True, True, False, *[True] * 5]
    found = by_yaw(embedded(people, yaws, [1] * 9, match), 0.5)
    counts = {(b.low, b.high): (b.tmr.events, b.tmr.trials) for b in found}
    assert counts == {
        (0, 10): (0, 1),
        (10, 20): (1, 1),
        (20, 30): (1, 1),
        (30, 45): (0, 0),
        (45, 90): (1, 1),
    }


def test_expression_is_the_change_of_the_mouths_width_in_frontal_pairs() -> None:
    # a: 1.00 and 1.02, log 0.02 -> first bucket. b: 1.0 and 1.2, log 0.18 -> 0.15..0.25.
    # c: 1.0 and 2.0, but one is turned by 20 degrees: not counted.
    data = embedded("aabbcc", [0, 5, -3, 0, 20, 0], [1, 1.02, 1, 1.2, 1, 2], [True] * 6)
    assert mouth_width(data.landmarks) == pytest.approx([1, 1.02, 1, 1.2, 1, 2])
    trials = {b.low: b.tmr.trials for b in by_expression(data, 0.5)}
    assert trials == {0: 1, 0.05: 0, 0.1: 0, 0.15: 1, 0.25: 0}


def test_a_set_without_pairs_has_empty_buckets() -> None:
    found = by_yaw(embedded("abc", [0] * 3, [1] * 3, [True] * 3), 0.5)
    assert [b.tmr.trials for b in found] == [0] * 5
