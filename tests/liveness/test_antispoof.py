import numpy as np
import pytest

from visavis.datasets.pad import read_pad
from visavis.image import decode
from visavis.liveness.antispoof import AntiSpoof
from visavis.liveness.crops import mirrored
from visavis.models.catalogue import card
from visavis.models.graph import optimised
from visavis.models.session import open_session
from visavis.models.weights import Weights
from visavis.settings import Settings
from visavis.types import Face

MARKS = np.array([(140.0, 150.0), (170.0, 150.0), (155.0, 166.0), (144.0, 182.0), (166.0, 182.0)])
FACE = Face([120, 110, 190, 200], MARKS, 1)
CARD = card("antispoof-vietanh954")


class FakeNetwork:
    def __init__(self, real: float = 0, spoof: float = 0) -> None:
        self.logits, self.fed = (real, spoof), []

    def run(self, batch):
        self.fed.append(batch)
        return (np.array([self.logits], np.float32),)


@pytest.fixture
def image(rng):
    return rng.integers(0, 255, (300, 320, 3), dtype=np.uint8)


def test_the_logit_is_real_over_spoof(image) -> None:
    look = AntiSpoof(FakeNetwork(1.5, -2), CARD).look(image, FACE)
    assert (look.logit, look.species, look.reasons) == (3.5, None, ())
    assert AntiSpoof(FakeNetwork(-1, 4), CARD).look(image, FACE).logit == -5


def test_it_sees_a_square_of_one_and_a_half_in_rgb_of_0_to_1(image) -> None:
    fake = FakeNetwork()
    AntiSpoof(fake, CARD).look(image, FACE)
    [batch] = fake.fed
    expected = mirrored(image, FACE.box, 1.5, 128).transpose(2, 0, 1) / np.float32(255)
    assert batch.dtype == np.float32
    np.testing.assert_allclose(batch[0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("edges", "reason"),
    [
        ((100, 100, 150, 159), "face_too_small"),
        ((-10, 100, 60, 180), "face_cut_off"),  # a seventh of it
        # The square of 120 from -24 loses 24 of 120 columns: 80 % are left.
        ((-4, 100, 76, 180), "no_surroundings"),
        # From -16: 87 % are left.
        ((4, 100, 84, 180), None),
        ((100, 100, 150, 160), None),
    ],
)
def test_it_says_what_it_cannot_tell_by(image, edges, reason) -> None:
    fake = FakeNetwork(5, 0)
    look = AntiSpoof(fake, CARD).look(image, Face(edges, MARKS, 1))
    assert (look.logit is None) == (reason is not None)
    assert look.reasons == ((reason,) if reason else ())
    assert len(fake.fed) == (reason is None)


def test_prints_score_below_the_living(test_data, model_dir, tmp_path) -> None:
    from visavis.build import build_detector

    path = Weights(model_dir, tmp_path, download=False).find(CARD)
    if path is None:
        pytest.skip("the model folder lacks it")
    looker = AntiSpoof(open_session(optimised(path, CARD, tmp_path)), CARD)
    detector = build_detector(Settings.load())
    scores: dict[bool, list[float]] = {True: [], False: []}
    for found in read_pad(test_data / "pad" / "nuaa_train").presentations[::40]:
        picture = decode(found.picture.path)
        look = looker.look(picture, detector.detect(picture)[0])
        if look.logit is not None:
            scores[found.attack].append(look.logit)
    assert min(map(len, scores.values())) >= 5
    assert np.median(scores[True]) < 0 < np.median(scores[False])
