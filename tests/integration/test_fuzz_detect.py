"""The fuzz corpus through the real detector: only typed errors, and faces within reason."""

import numpy as np
import pytest

from visavis.build import build_pipeline
from visavis.errors import BadImage, ImageTooLarge
from visavis.image import ImageLimits
from visavis.recognizer import Recognizer
from visavis.settings import Settings


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow, of damaged metadata
def test_mutated_images_give_faces_or_typed_errors() -> None:
    pytest.importorskip("skimage", reason="the demo extra is not installed")
    from fuzz_corpus import corpus

    pipeline = build_pipeline(Settings.load(max_pixels=4_000_000))
    recognizer = Recognizer(pipeline)
    cases = corpus()
    assert len(cases) >= 300
    found = refused = 0
    for name, data in cases:
        try:
            faces = recognizer.detect(data)
        except (BadImage, ImageTooLarge):
            refused += 1
            continue
        found += bool(faces)
        assert all(np.isfinite(f.landmarks).all() for f in faces), name
    assert ImageLimits().max_pixels > 4_000_000
    assert found > 0
    assert refused > 100
