"""Who is in a set, and how evenly: pictures by identity, and by every labelled attribute."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.datasets.records import Dataset
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.rates import Rate

MOST_VALUES: Final = 20
"""An attribute with more values, or with one, is no grouping."""
JUDGED: Final = ("score", "size", "sharpness", "brightness", "contrast")
"""Measures of quality that are compared between groups."""


@dataclass(frozen=True, slots=True)
class Identities:
    """How pictures are spread over people; zeros and NaN where none is labelled.

    `single` people have one picture. `top_hundredth` and `top_ten` are the shares of labelled
    pictures held by the largest 1 % of identities (one at least) and by the ten largest. `gini`
    is 0 for equal shares and nears 1 when one has all; `effective` is the number of equally large
    identities among which two random pictures would be of one person as often (1 / sum of squared
    shares; Simpson, Nature, 1949).
    """

    people: int
    labelled: int
    single: int
    median: float
    mean: float
    top_hundredth: float
    top_ten: float
    gini: float
    effective: float
    largest: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Value:
    """The pictures with one value of an attribute: how many, failures to find a face, quality.

    `medians` by JUDGED, over the faces found.
    """

    attribute: str
    value: str
    pictures: int
    share: float
    failures: Rate
    medians: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CrossTable:
    """Pictures by two labels: `counts[i][j]` have the i-th value of `row` and j-th of `column`.

    `association` is Cramér's V: 0 where the two are independent, 1 where one gives the other
    away; NaN where one has a single value.
    """

    row: str
    column: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    association: float


def identities_of(dataset: Dataset, most: int = 10) -> Identities:
    """The spread of pictures over people, and the `most` largest identities."""
    counts = Counter(p.identity for p in dataset.pictures if p.identity is not None)
    sizes = np.sort(np.array(list(counts.values()), np.float64))[::-1]
    if not sizes.size:
        nan = float("nan")
        return Identities(0, 0, 0, nan, nan, nan, nan, nan, nan, ())
    total, people = float(sizes.sum()), len(sizes)
    rising = np.arange(1, people + 1) @ sizes[::-1]
    return Identities(
        people,
        int(total),
        int((sizes == 1).sum()),
        float(np.median(sizes)),
        float(sizes.mean()),
        float(sizes[: max(1, round(people / 100))].sum() / total),
        float(sizes[:10].sum() / total),
        float(2 * rising / (people * total) - (people + 1) / people),
        float(total**2 / (sizes**2).sum()),
        tuple((str(name), count) for name, count in counts.most_common(most)),
    )


def attributes_of(dataset: Dataset) -> tuple[str, ...]:
    """The attributes that group the set, with 2 to 20 values, in the order of the first picture."""
    names = dict.fromkeys(name for p in dataset.pictures for name in p.attributes)
    return tuple(
        name
        for name in names
        if 2 <= len({p.attributes.get(name, "") for p in dataset.pictures}) <= MOST_VALUES
    )


def labels_of(dataset: Dataset, attribute: str) -> NDArray[np.str_]:
    """(N,) the value of each picture, "" where it has none."""
    return np.array([p.attributes.get(attribute, "") for p in dataset.pictures], np.str_)


def values_of(embedded: Embedded, attribute: str) -> tuple[Value, ...]:
    """Every value of an attribute with its count, failures and quality, in sorted order."""
    labels = labels_of(embedded.dataset, attribute)
    values = sorted(set(labels.tolist()), key=by_number)
    return tuple(_value(embedded, attribute, v, labels == v) for v in values)


def cross_table(
    row: str, column: str, rows: NDArray[np.str_], columns: NDArray[np.str_]
) -> CrossTable:
    """The table of two labels a picture, (N,) each, with values in sorted order."""
    pairs = Counter(zip(rows.tolist(), columns.tolist(), strict=True))
    heads = sorted(set(rows.tolist()), key=by_number)
    tops = sorted(set(columns.tolist()), key=by_number)
    counts = np.array([[pairs[head, top] for top in tops] for head in heads], np.int64)
    return CrossTable(
        row,
        column,
        tuple(heads),
        tuple(tops),
        tuple(tuple(line) for line in counts.tolist()),
        cramers_v(counts),
    )


def cross_tables(dataset: Dataset, most: int = 6) -> tuple[CrossTable, ...]:
    """Tables of two attributes each: all, or the `most` whose attributes hang together most."""
    labels = {name: labels_of(dataset, name) for name in attributes_of(dataset)}
    made = [cross_table(a, b, labels[a], labels[b]) for a, b in combinations(labels, 2)]
    return tuple(sorted(made, key=lambda t: -t.association)[:most])


def cramers_v(counts: NDArray[np.int64]) -> float:
    """Cramér's V of a table of counts without empty rows (Mathematical Methods, 1946, §21.9)."""
    total = counts.sum()
    least = min(counts.shape) - 1
    if least < 1 or not total:
        return float("nan")
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / total
    return float(np.sqrt(((counts - expected) ** 2 / expected).sum() / total / least))


def by_number(value: str) -> tuple[float, str]:
    """An order of values: first those that begin with a number, by it ("3-9" before "10-19")."""
    number = re.match(r"\d+", value)
    return float(number[0]) if number else float("inf"), value


def _value(embedded: Embedded, attribute: str, value: str, here: NDArray[np.bool_]) -> Value:
    count, seen = int(here.sum()), here & embedded.usable
    medians = {
        name: float(np.median(embedded.measure(name)[seen])) if seen.any() else float("nan")
        for name in JUDGED
    }
    failures = Rate.of(count - int(seen.sum()), count)
    return Value(attribute, value, count, count / len(here), failures, medians)
