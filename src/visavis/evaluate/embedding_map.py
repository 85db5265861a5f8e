"""Embeddings laid out in a plane, to see what lies together; drawn as dots, never as faces."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.datasets.records import Dataset
from visavis.evaluate.balance import attributes_of, labels_of
from visavis.evaluate.embedded import Embedded
from visavis.extras import needs

Method: TypeAlias = Literal["pca", "tsne"]
OTHERS: Final = "others"
_PEOPLE: Final = 6  # as many colours as the eye tells apart


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingMap:
    """`points` (M, 2) of the pictures `rows` (M,).

    `explained` is the share of variance that the plane of a PCA holds; NaN for t-SNE, whose
    distances between far groups mean nothing.
    """

    method: Method
    rows: NDArray[np.int64]
    points: NDArray[np.float64]
    explained: float


def pca_map(embedded: Embedded) -> EmbeddingMap:
    """All faces on the two directions of most variance, signed so that each points right and up."""
    rows = np.flatnonzero(embedded.usable)
    vectors = embedded.vectors[rows].astype(np.float64)
    vectors -= vectors.mean(axis=0) if len(rows) else 0
    variances, directions = np.linalg.eigh(vectors.T @ vectors)
    plane = directions[:, :-3:-1]
    plane *= np.sign(plane[np.abs(plane).argmax(axis=0), [0, 1]])
    whole = float(variances.sum())
    explained = float(variances[-2:].sum()) / whole if whole > 0 else float("nan")
    return EmbeddingMap("pca", rows, vectors @ plane, explained)


def tsne_map(embedded: Embedded, most: int = 1500, seed: int = 0) -> EmbeddingMap:
    """A t-SNE by cosine of at most `most` faces, drawn at random with the seed.

    Van der Maaten and Hinton, JMLR, 2008; needs 10 faces or more, else it is empty.
    """
    with needs("evaluate", "a t-SNE"):
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    usable = np.flatnonzero(embedded.usable)
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(usable, min(most, len(usable)), replace=False))
    if len(rows) < 10:
        return EmbeddingMap("tsne", rows[:0], np.empty((0, 2)), float("nan"))
    perplexity = min(30, (len(rows) - 1) / 3)
    made = TSNE(perplexity=perplexity, metric="cosine", init="pca", random_state=seed)
    with threadpool_limits(1):  # threads that wait for each other on a busy machine take six times
        points = made.fit_transform(embedded.vectors[rows])
    return EmbeddingMap("tsne", rows, np.asarray(points, np.float64), float("nan"))


def colourings(dataset: Dataset, most: int = 3) -> Mapping[str, NDArray[np.str_]]:
    """What a map may be coloured by: attributes of at most ten values, else the largest people.

    (N,) labels a picture by the name of the colouring; without either, all pictures are `others`.
    """
    grouped = {name: labels_of(dataset, name) for name in attributes_of(dataset)}
    found = {name: v for name, v in grouped.items() if len(np.unique(v)) <= 10}
    if found:
        return dict(list(found.items())[:most])
    counts = Counter(p.identity for p in dataset.pictures if p.identity is not None)
    top = {name for name, count in counts.most_common(_PEOPLE) if count > 1}
    labels = [p.identity if p.identity in top else OTHERS for p in dataset.pictures]
    return {"identity": np.array(labels, np.str_)}
