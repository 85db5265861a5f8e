"""Maps keep together what is together."""

import numpy as np
import pytest

from planted import dataset_of, embedded_of, vectors_of
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.embedding_map import colourings, pca_map, tsne_map

OWNERS = [who for who in ("a", "b", "c") for _ in range(12)]


@pytest.fixture
def embedded() -> Embedded:
    vectors = vectors_of(OWNERS)
    vectors[5] = np.nan
    return embedded_of(dataset_of(OWNERS), vectors)


def apart(points: np.ndarray, owners: np.ndarray) -> bool:
    """Whether every point's nearest neighbour is of its own owner."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return bool((owners[distances.argmin(axis=1)] == owners).all())


def test_pca_is_that_of_scikit_learn(embedded: Embedded) -> None:
    from sklearn.decomposition import PCA

    made = pca_map(embedded)
    assert made.rows.tolist() == [i for i in range(36) if i != 5]
    model = PCA(2).fit(embedded.vectors[made.rows])
    expected = model.transform(embedded.vectors[made.rows])
    np.testing.assert_allclose(np.abs(made.points), np.abs(expected), atol=1e-4)
    assert made.explained == pytest.approx(model.explained_variance_ratio_.sum(), abs=1e-4)


def test_tsne_keeps_people_together_and_repeats(embedded: Embedded) -> None:
    made = tsne_map(embedded, most=30)
    assert len(made.rows) == 30
    assert 5 not in made.rows
    assert apart(made.points, np.array(OWNERS)[made.rows])
    np.testing.assert_array_equal(made.points, tsne_map(embedded, most=30).points)


def test_too_few_faces_give_no_tsne() -> None:
    few = embedded_of(dataset_of(["a"] * 5), vectors_of(["a"] * 5))
    assert len(tsne_map(few).rows) == 0


def test_attributes_colour_before_people() -> None:
    labels = [{"race": "x" if i % 2 else "y"} for i in range(36)]
    assert list(colourings(dataset_of(OWNERS, attributes=labels))) == ["race"]
    (by,) = colourings(dataset_of([*OWNERS, "d"])).values()
    assert set(by.tolist()) == {"a", "b", "c", "others"}
