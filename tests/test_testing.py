from itertools import pairwise

import numpy as np

from visavis.liveness.look import Look
from visavis.policy import QualityLimits
from visavis.quality import assess
from visavis.targets import LiveTarget
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, FakeLooker, fake_photo

NAMES = [f"person-{i}" for i in range(40)]


def vector(*people: str, noise: int = 0, seed: int = 0) -> np.ndarray:
    photo = fake_photo(*people, noise=noise, seed=seed)
    return FakeEmbedder().embed(photo, FakeDetector().detect(photo))[0].vector


def test_each_person_of_a_photo_is_found_and_usable() -> None:
    photo = fake_photo(*NAMES)
    faces = FakeDetector().detect(photo)
    assert len(faces) == len(NAMES)
    assert not any(QualityLimits().reasons(assess(photo, face)) for face in faces)
    assert FakeDetector().detect(fake_photo()) == []


def test_one_person_is_alike_and_two_are_not() -> None:
    alike = [vector(n, noise=4, seed=1) @ vector(n, noise=4, seed=2) for n in NAMES]
    other = [vector(a) @ vector(b) for a, b in pairwise(NAMES)]
    assert min(alike) > 0.9
    assert max(other) < 0.8


def test_fakes_are_deterministic() -> None:
    assert (vector("ada", noise=3, seed=5) == vector("ada", noise=3, seed=5)).all()


def test_fake_liveness_says_what_it_was_told() -> None:
    photo = fake_photo("ada")
    [face] = FakeDetector().detect(photo)
    assert FakeLiveness(0.9).check(photo, face).live
    assert not FakeLiveness(0.1).check(photo, face).live
    assert not FakeLiveness(None).check(photo, face).live
    strict = FakeLiveness(0.9).check(photo, face, LiveTarget(threshold=0.95))
    assert (strict.threshold, strict.live) == (0.95, False)


def test_a_fake_looker_says_what_it_was_told() -> None:
    photo = fake_photo("ada")
    [face] = FakeDetector().detect(photo)
    assert FakeLooker("a", 0.5, "print").look(photo, face) == Look(0.5, "print")
    assert FakeLooker("a", None, reasons=("blind",)).look(photo, face).reasons == ("blind",)
    dark, bright = (FakeLooker(slope=1.0).look(image, face).logit for image in (photo // 2, photo))
    assert dark is not None
    assert bright is not None
    assert dark < bright
