import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.errors import InputError
from visavis.gallery.exact import WASTE, ExactIndex
from visavis.types import Floats


def unit(rng: np.random.Generator, n: int, dim: int = 16) -> Floats:
    vectors = rng.standard_normal((n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def keys(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(numbers, np.int64)


def test_finds_the_best_of_many_with_exact_scores(rng: np.random.Generator) -> None:
    vectors, probe = unit(rng, 3000), unit(rng, 1)[0]
    index = ExactIndex(16)
    index.add(np.arange(3000) * 7, vectors)
    found, scores = index.search(probe, 10)
    exact = vectors.astype(np.float64) @ probe
    best = np.argsort(-exact)[:10]
    assert found.tolist() == (best * 7).tolist()
    np.testing.assert_allclose(scores, exact[best], atol=1e-6)
    assert scores.dtype == np.float32
    assert found.dtype == np.int64


def test_asks_for_more_than_there_is_and_for_nothing(rng: np.random.Generator) -> None:
    index = ExactIndex(16)
    assert len(index.search(unit(rng, 1)[0], 5)[0]) == 0
    index.add(keys(1, 2), unit(rng, 2))
    assert len(index.search(unit(rng, 1)[0], 5)[0]) == 2
    assert len(index.search(unit(rng, 1)[0], 0)[0]) == 0


def test_equal_scores_come_in_the_order_of_keys(rng: np.random.Generator) -> None:
    index = ExactIndex(16)
    same = np.repeat(unit(rng, 1), 500, axis=0)
    order = rng.permutation(500).astype(np.int64)
    index.add(order, same)
    index.add(np.arange(500, 2000), unit(rng, 1500))
    assert index.search(same[0], 7)[0].tolist() == list(range(7))


def test_scores_of_a_vector_with_itself_do_not_exceed_one(rng: np.random.Generator) -> None:
    index = ExactIndex(16)
    vectors = unit(rng, 300)
    index.add(np.arange(300), vectors)
    best = [index.search(v, 1)[1][0] for v in vectors]
    assert max(best) <= 1.0
    assert min(best) > 0.999999


def test_removed_vectors_are_zeroed_and_never_found(rng: np.random.Generator) -> None:
    index = ExactIndex(16)
    vectors = unit(rng, 50)
    index.add(np.arange(50), vectors)
    index.remove(keys(3, 4, 99))
    assert len(index) == 48
    assert not {3, 4} & set(index.search(-vectors[3], 50)[0].tolist())
    assert vectors[3].tobytes() not in index._matrix.tobytes()


def test_compaction_keeps_the_rest(rng: np.random.Generator) -> None:
    index = ExactIndex(16)
    vectors = unit(rng, 4 * WASTE)
    index.add(np.arange(len(vectors)), vectors)
    index.remove(np.arange(0, len(vectors), 2))
    assert len(index._matrix) == 2 * WASTE
    for key in (1, 7, len(vectors) - 1):
        assert index.search(vectors[key], 1)[0].tolist() == [key]
    index.add(keys(0), vectors[:1])
    assert index.search(vectors[0], 1)[0].tolist() == [0]


def test_refuses_taken_keys_wrong_shapes_and_no_numbers(rng: np.random.Generator) -> None:
    index = ExactIndex(16)
    index.add(keys(1), unit(rng, 1))
    with pytest.raises(InputError, match="taken"):
        index.add(keys(2, 1), unit(rng, 2))
    with pytest.raises(InputError, match="taken"):
        index.add(keys(3, 3), unit(rng, 2))
    with pytest.raises(InputError, match=r"\(2, 16\).*\(1, 16\)"):
        index.add(keys(2, 3), unit(rng, 1))
    with pytest.raises(InputError, match=r"\(16,\).*\(8,\)"):
        index.search(unit(rng, 1, 8)[0], 1)
    for bad in (np.nan, np.inf):
        with pytest.raises(InputError, match="finite"):
            index.search(np.full(16, bad, np.float32), 1)
        with pytest.raises(InputError, match="finite"):
            index.add(keys(9), np.full((1, 16), bad, np.float32))
    assert len(index) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=60), st.integers(1, 8))
def test_agrees_with_a_plain_dict(steps: list[tuple[bool, int]], k: int) -> None:
    rng = np.random.default_rng(len(steps))
    index, model = ExactIndex(8), {}
    for adding, key in steps:
        if not adding:
            index.remove(keys(key))
            model.pop(key, None)
        elif key not in model:
            model[key] = unit(rng, 1, 8)[0]
            index.add(keys(key), model[key][None])
    probe = unit(rng, 1, 8)[0]
    expected = sorted(model, key=lambda key: (-float((model[key] * probe).sum()), key))[:k]
    assert index.search(probe, k)[0].tolist() == expected
    assert len(index) == len(model)


def test_searches_while_others_add_and_remove(rng: np.random.Generator) -> None:
    """A vector that stays is always found with its score; one that is gone, never."""
    index = ExactIndex(16)
    vectors = unit(rng, 4000)
    index.add(np.arange(1000), vectors[:1000])
    stop, wrong = threading.Event(), []

    def look(seed: int) -> None:
        own = np.random.default_rng(seed)
        while not stop.is_set():
            key = int(own.integers(0, 500))
            found, scores = index.search(vectors[key], 1)
            if found.tolist() != [key] or scores[0] < 0.99999:
                wrong.append((key, found, scores))

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for start in range(1000, 4000, 100):
        batch = np.arange(start, start + 100)
        index.add(batch, vectors[batch])
        index.remove(batch - 500)
        assert not set(index.search(vectors[start - 500], 5)[0].tolist()) & set(
            (batch - 500).tolist()
        )
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
