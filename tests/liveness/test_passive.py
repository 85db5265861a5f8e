import numpy as np
import pytest

from visavis.liveness.passive import SIDE, Passive, crops, tight, unfit, visible, wide
from visavis.models.catalogue import ModelCard
from visavis.types import Face, Floats, Image

CARD = ModelCard(
    id="visavis-pad-1",
    task="liveness",
    family="visavis-pad",
    file="x.onnx",
    sha256="0" * 64,
    bytes=1,
    licence="MIT",
    training_data=(),
    source="",
    description="",
    limits="",
    size=SIDE,
    mean=(127.5, 127.5, 127.5),
    std=(64.0, 64.0, 64.0),
)


class Session:
    """Says the same logits of everything, and keeps what it was given."""

    def __init__(self, *logits: float) -> None:
        self._logits = np.array([logits], np.float32)
        self.seen: list[Floats] = []

    def run(self, batch: Floats) -> tuple[Floats, ...]:
        self.seen.append(batch)
        return (self._logits,)


def face(x1: float, y1: float, x2: float, y2: float) -> Face:
    return Face(np.array([x1, y1, x2, y2]), np.zeros((5, 2)), 1.0)


@pytest.fixture
def picture(rng: np.random.Generator) -> Image:
    return rng.integers(1, 256, (400, 600, 3), np.uint8)


def test_the_logit_is_live_against_all_attacks_together(picture: Image) -> None:
    found = Passive(Session(2.0, 1.0, 1.0, -50.0), CARD).look(picture, face(200, 100, 300, 220))
    assert found.logit == pytest.approx(2.0 - (1.0 + np.log(2)), abs=1e-5)
    assert found.species == "print"
    other = Passive(Session(0.0, -1.0, 3.0, 1.0), CARD).look(picture, face(200, 100, 300, 220))
    assert other.species == "screen"


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((10, 10, 45, 49), "face_too_small"),
        ((-80, 100, 60, 240), "face_cut_off"),
        ((200, 320, 300, 460), "face_cut_off"),
    ],
)
def test_it_says_when_it_cannot_tell(
    picture: Image, box: tuple[float, float, float, float], reason: str
) -> None:
    session = Session(1.0, 0.0, 0.0, 0.0)
    found = Passive(session, CARD).look(picture, face(*box))
    assert (found.logit, found.reasons) == (None, (reason,))
    assert not session.seen


def test_the_input_is_both_crops_scaled(picture: Image) -> None:
    session = Session(0.0, 0.0, 0.0, 0.0)
    at = face(236, 136, 364, 264)  # a square of 128: the tight crop is the pixels themselves
    Passive(session, CARD).look(picture, at)
    [batch] = session.seen
    assert batch.shape == (1, 6, SIDE, SIDE)
    own = picture[136:264, 236:364].transpose(2, 0, 1)
    np.testing.assert_allclose(batch[0, :3] * 64 + 127.5, own, atol=1e-4)
    np.testing.assert_array_equal(batch, crops(picture, at.box, CARD))


def test_a_face_that_fills_the_picture_has_no_surroundings() -> None:
    picture = np.full((100, 100, 3), 200, np.uint8)
    assert not wide(picture, face(2, 2, 98, 98).box).any()
    assert tight(picture, face(2, 2, 98, 98).box).min() == 200


def test_surroundings_are_black_outside_the_picture(picture: Image) -> None:
    """A box of 100 at the left edge: the wide square begins 70 pixels, 37 of 128, outside it."""
    crop = wide(picture, face(0, 150, 100, 250).box)
    assert not crop[:, :37].any()
    assert crop[:, 38:].min() > 0


def test_the_tight_crop_is_mirrored_outside_the_picture(picture: Image) -> None:
    crop = tight(picture, face(-20, 150, 108, 278).box)
    np.testing.assert_array_equal(crop[:, :20], crop[:, 21:41][:, ::-1])


def test_visible_is_the_share_inside(picture: Image) -> None:
    assert visible(picture, face(-50, 100, 50, 200).box, 1.0) == pytest.approx(0.5)
    assert visible(picture, face(-50, -50, 50, 50).box, 1.0) == pytest.approx(0.25)
    assert visible(picture, face(900, 100, 1000, 200).box, 1.0) == 0
    assert unfit(picture, face(200, 100, 300, 220)) is None


def test_it_says_when_it_saw_the_face_alone(picture: Image) -> None:
    passive = Passive(Session(1.0, 0.0, 0.0, 0.0), CARD)
    at = face(200, 100, 300, 220)
    whole = passive.look(picture, at)
    assert (whole.face_alone, whole.reasons) == (False, ())
    part = np.ascontiguousarray(picture[100:220, 200:300])
    alone = passive.look(part, face(0, 0, 100, 120))
    assert (alone.face_alone, alone.reasons) == (True, ("face_alone",))
