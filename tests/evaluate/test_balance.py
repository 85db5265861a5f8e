"""Counts on tiny sets, worked by hand."""

import numpy as np
import pytest

from planted import dataset_of, embedded_of, vectors_of
from visavis.evaluate.balance import (
    attributes_of,
    cramers_v,
    cross_tables,
    identities_of,
    values_of,
)

LABELS = [{"age": "3-9", "id": "a"}, {"age": "10-19", "id": "b"}, {"age": "3-9", "id": "c"}, {}]


def test_identities_by_hand() -> None:
    # four people with 5, 3, 1 and 1 of 10 pictures, and one picture of nobody known
    who = identities_of(dataset_of(["a"] * 5 + ["b"] * 3 + ["c", "d", None]))
    assert (who.people, who.labelled, who.single, who.median, who.mean) == (4, 10, 2, 2, 2.5)
    assert (who.top_hundredth, who.top_ten) == (0.5, 1)
    assert who.effective == pytest.approx(100 / 36)  # 25 + 9 + 1 + 1
    # mean absolute difference over all 16 pairs: 2 (2 + 4 + 4 + 2 + 2 + 0) = 28; 28 / 16 / 2 / 2.5
    assert who.gini == pytest.approx(28 / 16 / 2 / 2.5)
    assert who.largest[:2] == (("a", 5), ("b", 3))


def test_even_identities_are_worth_their_number() -> None:
    who = identities_of(dataset_of(["a", "b", "c"] * 4))
    assert who.effective == pytest.approx(3)
    assert who.gini == pytest.approx(0)


def test_nobody_known() -> None:
    who = identities_of(dataset_of([None, None]))
    assert (who.people, who.labelled, who.largest) == (0, 0, ())
    assert np.isnan(who.gini)


def test_values_are_counted_in_order_of_their_numbers_with_failures() -> None:
    dataset = dataset_of([None] * 4, attributes=LABELS)
    vectors = vectors_of(["x"] * 4)
    vectors[2] = np.nan
    found = values_of(embedded_of(dataset, vectors), "age")
    assert [(v.value, v.pictures, v.share) for v in found] == [
        ("3-9", 2, 0.5),
        ("10-19", 1, 0.25),
        ("", 1, 0.25),
    ]
    assert [v.failures.events for v in found] == [1, 0, 0]
    assert found[0].medians["size"] == pytest.approx(0.2)  # the first picture's, of 0.1 to 0.9


def test_a_label_a_picture_is_no_grouping() -> None:
    many = [{"n": str(i), "one": "x", "two": str(i % 2)} for i in range(25)]
    assert attributes_of(dataset_of([None] * 25, attributes=many)) == ("two",)


def test_cross_tables_and_association() -> None:
    labels = [{"a": x, "b": y, "c": x.upper()} for x in "pq" for y in "rs" for _ in range(3)]
    first, *others = cross_tables(dataset_of([None] * 12, attributes=labels))
    assert (first.row, first.column, first.association) == ("a", "c", pytest.approx(1))
    assert first.counts == ((6, 0), (0, 6))
    assert [t.association for t in others] == pytest.approx([0, 0])
    assert others[0].counts == ((3, 3), (3, 3))


def test_cramers_v_against_scipy(rng: np.random.Generator) -> None:
    from scipy.stats.contingency import association

    counts = rng.integers(1, 30, (4, 3))
    assert cramers_v(counts) == pytest.approx(association(counts, method="cramer"))
    assert np.isnan(cramers_v(np.array([[3, 4]])))
