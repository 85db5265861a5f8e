import importlib.util

import numpy as np
import pytest

from fuzz_corpus import corpus, seeds
from visavis.errors import BadImage, ImageTooLarge, MissingExtra
from visavis.image import decode

CORPUS = corpus()
REFUSALS: tuple[type[Exception], ...] = (BadImage, ImageTooLarge)
if importlib.util.find_spec("pillow_heif") is None:
    REFUSALS += (MissingExtra,)


def test_the_corpus_is_large_and_deterministic() -> None:
    assert len(CORPUS) >= 300
    assert len({name for name, _ in CORPUS}) > len(CORPUS) * 0.9
    assert corpus() == CORPUS


def test_whole_files_are_read() -> None:
    for name, data in seeds().items():
        assert decode(data).size, name


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_pixels_or_a_typed_refusal() -> None:
    outcomes = {"read": 0, "refused": 0}
    for name, data in CORPUS:
        try:
            image = decode(data)
        except REFUSALS:
            outcomes["refused"] += 1
            continue
        assert image.dtype == np.uint8, name
        assert image.ndim == 3, name
        assert image.shape[2] == 3, name
        assert image.flags.c_contiguous, name
        outcomes["read"] += 1
    assert min(outcomes.values()) > 100, outcomes


def test_bombs_are_refused_by_size() -> None:
    hostile = dict(CORPUS)
    for name in ("png-bomb", "png-absurd", "jpeg-absurd", "gif-absurd", "bmp-absurd"):
        with pytest.raises(ImageTooLarge):
            decode(hostile[name])
