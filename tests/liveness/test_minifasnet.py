import math

import numpy as np
import pytest

from visavis.datasets.pad import read_pad
from visavis.errors import VisavisError
from visavis.image import decode
from visavis.liveness.crops import shifted
from visavis.liveness.minifasnet import MiniFasNetPair
from visavis.models.catalogue import card
from visavis.models.session import open_session
from visavis.settings import Settings
from visavis.train.minifasnet import network, read
from visavis.types import Face

MARKS = np.array([(140.0, 150.0), (170.0, 150.0), (155.0, 166.0), (144.0, 182.0), (166.0, 182.0)])
FACE = Face([120, 110, 190, 200], MARKS, 1)


class FakeNetwork:
    """Answers with given logits; keeps what it was fed with."""

    def __init__(self, *logits: float) -> None:
        self.logits, self.fed = logits, []

    def run(self, batch):
        self.fed.append(batch)
        return (np.array([self.logits], np.float32),)


def pair(near, far) -> MiniFasNetPair:
    return MiniFasNetPair(near, far, card("minifasnet"))


@pytest.fixture
def image(rng):
    return rng.integers(0, 255, (300, 320, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("near", "far", "share"),
    [
        ((0, 0, 0), (0, 0, 0), 1 / 3),
        ((0, math.log(6), 0), (0, 0, 0), (6 / 8 + 1 / 3) / 2),
        ((1, 3, 2), (1, 3, 2), math.exp(3) / (math.exp(1) + math.exp(2) + math.exp(3))),
    ],
)
def test_the_logit_is_that_of_the_mean_share_of_class_1(image, near, far, share) -> None:
    look = pair(FakeNetwork(*near), FakeNetwork(*far)).look(image, FACE)
    assert look.logit == pytest.approx(math.log(share / (1 - share)), abs=1e-6)
    assert (look.species, look.reasons) == (None, ())


def test_a_sure_network_gives_a_finite_logit(image) -> None:
    # 1 - share is 2 e^-400 / ..., which a float32 share cannot say.
    look = pair(FakeNetwork(-200, 200, -200), FakeNetwork(-200, 200, -200)).look(image, FACE)
    assert look.logit == pytest.approx(400 - math.log(2))


def test_each_network_sees_its_own_crop_in_bgr_and_unscaled(image) -> None:
    near, far = FakeNetwork(0, 0, 0), FakeNetwork(0, 0, 0)
    pair(near, far).look(image, FACE)
    for fake, factor in ((near, 2.7), (far, 4.0)):
        crop = shifted(image, FACE.box, factor, 80)[..., ::-1]
        [batch] = fake.fed
        assert batch.dtype == np.float32
        np.testing.assert_array_equal(batch[0], crop.transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("edges", "reason"),
    [
        ((100, 100, 150, 159), "face_too_small"),
        ((-10, 100, 60, 180), "face_cut_off"),  # a seventh of it
        ((20, 20, 220, 240), "no_surroundings"),  # 320 / 200 would do, 300 / 220 does not
        ((100, 100, 150, 160), None),
        ((-6, 100, 64, 180), None),
        ((60, 50, 260, 250), None),
    ],
)
def test_it_says_what_it_cannot_tell_by(image, edges, reason) -> None:
    near, far = FakeNetwork(0, 5, 0), FakeNetwork(0, 5, 0)
    look = pair(near, far).look(image, Face(edges, MARKS, 1))
    assert (look.logit is None) == (reason is not None)
    assert look.reasons == ((reason,) if reason else ())
    assert len(near.fed) == len(far.fed) == (reason is None)


def test_prints_score_below_the_living(test_data, model_dir) -> None:
    from visavis.build import build_detector

    names = ("2.7_80x80_MiniFASNetV2.pth", "4_0_0_80x80_MiniFASNetV1SE.pth")
    try:
        states = read(*(next(model_dir.rglob(name), model_dir) for name in names))
    except VisavisError:
        pytest.skip("the model folder has no MiniFASNet")
    sessions = [open_session(network(name, state)) for name, state in states.items()]
    looker, detector = pair(*sessions), build_detector(Settings.load())
    assert looker.name == "minifasnet"
    scores: dict[bool, list[float]] = {True: [], False: []}
    for found in read_pad(test_data / "pad" / "nuaa_train").presentations[::40]:
        picture = decode(found.picture.path)
        look = looker.look(picture, detector.detect(picture)[0])
        if look.logit is not None:
            scores[found.attack].append(look.logit)
    live, prints = scores[False], scores[True]
    assert len(live) >= 5
    assert len(prints) >= 5
    assert max(prints) < np.median(live)
    assert max(prints) < 0
