"""Pictures in and out: decoding under limits, alignment, network input, saving.

Images are RGB uint8 (H, W, 3); this is the only module that knows of BGR. Colour profiles are
not applied.
"""

import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Literal

import cv2
import numpy as np
import PIL.Image
from numpy.typing import ArrayLike, NDArray
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from visavis.errors import BadImage, ImageTooLarge, InputError, MissingExtra, VisavisError
from visavis.types import Floats, Image, ImageLike

ARCFACE: Final[Floats] = np.array(
    [
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ],
    dtype=np.float32,
)
"""Where the five landmarks lie in a 112 x 112 crop (Deng et al., ArcFace, CVPR 2019)."""
ARCFACE.setflags(write=False)

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_SUFFIXES: Final[dict[str, Literal["JPEG", "PNG", "WEBP"]]] = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
}
_WARP_SIDE = 32_000  # OpenCV 4 warps no image of 32,768 pixels or more a side
_FASTEST = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The most that `decode` accepts: bytes of a file, and pixels (width times height)."""

    max_bytes: int = 32 * 2**20
    max_pixels: int = 50_000_000

    def check(self, width: int, height: int) -> None:
        """Raises ImageTooLarge for too many pixels, BadImage for none."""
        if width < 1 or height < 1:
            raise BadImage(f"expected an image of 1 pixel or more, got {width} x {height}")
        if width * height > self.max_pixels:
            raise ImageTooLarge(
                f"expected at most {self.max_pixels} pixels, got {width} x {height}"
            )


_DEFAULT = ImageLimits()


def decode(source: ImageLike, limits: ImageLimits = _DEFAULT) -> Image:
    """The picture as RGB uint8, upright, from a path, the bytes of a file, or an array.

    Reads JPEG, PNG, WebP, BMP, TIFF, GIF and, with the extra `heic`, HEIC; the kind is told from
    the bytes, never from the name. Of several frames or pages it takes the first. EXIF
    orientation is applied. Transparent parts become white, as in a passport photo: colour hidden
    under full transparency is arbitrary and nobody has seen it. Arrays are grey (H, W) or
    (H, W, 1), RGB or RGBA, uint8 or uint16 (the high byte counts); an RGB uint8 array that is
    contiguous comes back itself, not a copy. Treat what you get as read-only.

    Limits are checked before pixels are decoded. Raises ImageTooLarge above them, BadImage for
    whatever is no whole image, MissingExtra for HEIC without its extra.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, limits)
    data = _bytes(source, limits.max_bytes)
    try:
        return _from_file(data, limits)
    except VisavisError:
        raise
    except PIL.Image.DecompressionBombError as error:
        raise ImageTooLarge(f"expected at most {limits.max_pixels} pixels: {error}") from error
    except Exception as error:  # decoders raise nearly anything on hostile data
        raise BadImage(f"expected a whole image, got {type(error).__name__}: {error}") from error


def _bytes(source: object, limit: int) -> bytes:
    match source:
        case str() | os.PathLike():
            return _read(os.fspath(source), limit)
        case bytes() | bytearray() | memoryview():
            size = memoryview(source).nbytes
        case _:
            raise BadImage(f"expected a path, bytes or an array, got {type(source).__name__}")
    if size > limit:
        raise ImageTooLarge(f"expected at most {limit} bytes, got {size}")
    return bytes(source)


def _read(path: str, limit: int) -> bytes:
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise BadImage(f"expected a regular file, got {stat.filemode(status.st_mode)} {path}")
        if status.st_size > limit:
            raise ImageTooLarge(f"expected at most {limit} bytes, got {status.st_size}: {path}")
        with open(path, "rb", buffering=0) as file:
            return file.read(status.st_size)
    except (OSError, ValueError) as error:
        raise BadImage(f"expected a readable file, got {type(error).__name__}: {path}") from error


def _from_file(data: bytes, limits: ImageLimits) -> Image:
    with _open(data) as image:
        limits.check(*image.size)
        if image.format == "JPEG" and image.mode in ("RGB", "L"):
            pixels = _jpeg(image, data)
        else:
            image.load()
            limits.check(*image.size)
            pixels = _pixels(image, limits)
        return _upright(pixels, _orientation(image))


def _open(data: bytes) -> ImageFile:
    """The image with its header read and no pixels decoded.

    Pillow's classes are used directly: `Image.open` has a size limit of its own that warns.
    """
    file = BytesIO(data)
    match data[:4]:
        case b"\x89PNG":
            return PngImageFile(file)
        case b"RIFF" if data[8:12] == b"WEBP":
            return WebPImageFile(file)
        case b"GIF8":
            return GifImageFile(file)
        case b"II*\0" | b"MM\0*" | b"II+\0" | b"MM\0+":
            return TiffImageFile(file)
        case magic if magic[:3] == b"\xff\xd8\xff":
            return JpegImageFile(file)
        case magic if magic[:2] == b"BM":
            return BmpImageFile(file)
        case _ if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
            return _open_heic(file)
        case _:
            kinds = "JPEG, PNG, WebP, BMP, TIFF, GIF or HEIC"
            raise BadImage(f"expected {kinds}, got {len(data)} bytes beginning {data[:12]!r}")


def _open_heic(file: BytesIO) -> ImageFile:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise MissingExtra("heic", "reading HEIC images") from error
    image: ImageFile = HeifImageFile(file)  # type: ignore[no-untyped-call]
    return image


def _jpeg(image: ImageFile, data: bytes) -> Image:
    """The pixels by OpenCV, which is faster than Pillow.

    Before version 5 it fills what a truncated file lacks with grey, so an end marker must follow
    the first scan's start, where Pillow has stopped; before it, thumbnails have theirs.
    """
    whole = image.fp is not None and data.rfind(b"\xff\xd9", image.fp.tell()) >= 0
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _FASTEST) if whole else None
    if pixels is None or pixels.shape != (image.height, image.width, 3):
        raise BadImage(f"expected a whole JPEG image, got {len(data)} bytes of a broken one")
    return np.asarray(pixels, np.uint8)


def _pixels(image: PIL.Image.Image, limits: ImageLimits) -> Image:
    match image.mode:
        case "RGB" if not image.has_transparency_data:
            return np.asarray(image)
        case mode if mode.startswith("I;16"):
            return _from_array(np.asarray(image), limits)
        case "I" | "F":
            raise BadImage(f"expected 8 or 16 bits a channel, got Pillow mode {image.mode}")
        case _ if image.has_transparency_data:
            paper = PIL.Image.new("RGB", image.size, "white")
            layer = image if image.mode == "RGBA" else image.convert("RGBA")
            paper.paste(layer, mask=layer)
            return np.asarray(paper)
        case _:
            return np.asarray(image.convert("RGB"))


def _from_array(array: NDArray[Any], limits: ImageLimits) -> Image:
    match array.dtype.str[1:], array.shape:
        case "u1" | "u2", (height, width) | (height, width, 1 | 3 | 4):
            limits.check(width, height)
        case _:
            raise BadImage(
                "expected (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8 or uint16,"
                f" got {array.shape} of {array.dtype}"
            )
    if array.dtype.itemsize == 2:
        array = (array >> 8).astype(np.uint8)
    array = np.ascontiguousarray(array)
    match array.shape[2:]:
        case (3,):
            return array
        case (4,):
            return _pixels(PIL.Image.fromarray(array), limits)
        case _:
            return np.asarray(cv2.cvtColor(array, cv2.COLOR_GRAY2RGB), np.uint8)


def _orientation(image: PIL.Image.Image) -> int:
    """The EXIF orientation still to be applied, 1..8; 1 where EXIF is absent or broken."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # a broken tag is no reason to refuse good pixels
        return 1


def _upright(pixels: NDArray[Any], orientation: int) -> Image:
    match orientation:
        case 2:
            turned = cv2.flip(pixels, 1)
        case 3:
            turned = cv2.rotate(pixels, cv2.ROTATE_180)
        case 4:
            turned = cv2.flip(pixels, 0)
        case 5:
            turned = cv2.transpose(pixels)
        case 6:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            turned = cv2.rotate(cv2.transpose(pixels), cv2.ROTATE_180)
        case 8:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
        case _:
            turned = pixels
    return np.asarray(turned, np.uint8)


def similarity(landmarks: ArrayLike, template: ArrayLike) -> NDArray[np.float64]:
    """The (2, 3) matrix of rotation, scale and shift that best takes landmarks to a template.

    Both are (N, 2), N >= 2, in pixels. Least squares without reflection (Umeyama, PAMI 1991); in
    the plane, with points as complex numbers, it is one division. Raises InputError for points
    that are not finite or coincide, and for those that no similarity brings near the template.
    """
    source, target = np.asarray(landmarks, np.float64), np.asarray(template, np.float64)
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2 or len(source) < 2:
        raise InputError(f"expected landmarks of shape {target.shape}, got {source.shape}")
    p, q = (np.ascontiguousarray(x).view(np.complex128).ravel() for x in (source, target))
    p_mean, q_mean = p.mean(), q.mean()
    p, q = p - p_mean, q - q_mean
    spread, reach = np.vdot(p, p).real, np.vdot(q, q).real
    turn = np.vdot(p, q)
    if not (spread > 1e-2 and abs(turn) > 1e-3 * np.sqrt(spread * reach)):
        raise InputError(f"expected landmarks of a face, got {source.tolist()}")
    turn /= spread
    shift = q_mean - turn * p_mean
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def align(image: Image, landmarks: ArrayLike, size: int = 112) -> Image:
    """The (size, size, 3) crop that has the (5, 2) landmarks at ARCFACE's places, times size/112.

    One bilinear warp from the full-resolution image, black outside it: what
    `cv2.FaceRecognizerSF.alignCrop` gives, and what face embedders are trained on. Raises
    InputError as `similarity` does.
    """
    if size < 1:
        raise InputError(f"expected a crop of 1 pixel or more, got {size}")
    matrix = similarity(landmarks, ARCFACE * (size / 112))
    return warp(image, matrix, size, around=np.asarray(landmarks, np.float64).mean(axis=0))


def warp(image: Image, matrix: ArrayLike, size: int, *, around: ArrayLike) -> Image:
    """The (size, size, 3) picture that the (2, 3) matrix makes of what lies `around` a point.

    Bilinear, black outside the image. OpenCV warps no very long image, so it gets a part of such.
    """
    matrix = np.asarray(matrix, np.float64)
    if max(image.shape) > _WARP_SIDE:
        last = np.array((image.shape[1], image.shape[0])) - 1
        x, y = np.clip(np.asarray(around) - _WARP_SIDE // 2, 0, last).astype(int)
        image = image[y : y + _WARP_SIDE, x : x + _WARP_SIDE]
        matrix = np.column_stack([matrix[:, :2], matrix[:, 2] + matrix[:, :2] @ (x, y)])
    return np.asarray(cv2.warpAffine(image, matrix, (size, size)), np.uint8)


def tensor(
    crops: Sequence[Image],
    *,
    colour: Literal["RGB", "BGR"] = "RGB",
    mean: Sequence[float] = (0.0, 0.0, 0.0),
    std: Sequence[float] = (1.0, 1.0, 1.0),
) -> Floats:
    """Crops of one size as a network's input: contiguous (N, 3, H, W) float32, (x - mean) / std.

    `mean` and `std` are per channel in `colour`'s order, on the 0..255 scale. Raises InputError
    for no crops or for crops of several sizes.
    """
    shapes = {crop.shape for crop in crops}
    if len(shapes) != 1:
        raise InputError(f"expected crops of one shape (H, W, 3), got {sorted(shapes)}")
    height, width, _ = shapes.pop()
    batch = np.empty((len(crops), 3, height, width), np.float32)
    order = (0, 1, 2) if colour == "RGB" else (2, 1, 0)
    for planes, crop in zip(batch, crops, strict=True):
        channels = cv2.split(crop)
        for plane, channel in zip(planes, order, strict=True):
            plane[...] = channels[channel]
    if any(mean):
        batch -= np.asarray(mean, np.float32).reshape(3, 1, 1)
    if any(value != 1 for value in std):
        batch /= np.asarray(std, np.float32).reshape(3, 1, 1)
    return batch


def save(image: Image, path: str | os.PathLike[str], quality: int = 92) -> None:
    """Writes a JPEG, PNG or WebP file, by the path's suffix: the whole file or none.

    `quality` 1..100 is for JPEG and WebP. Raises BadImage for another suffix, for an array that
    is no image and for an image beyond the format's size; OSError where writing fails.
    """
    target = Path(path)
    kind = _SUFFIXES.get(target.suffix.lower())
    if kind is None:
        raise BadImage(f"expected a path ending in {', '.join(_SUFFIXES)}, got {target.name!r}")
    data = encode(image, kind, quality)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with open(part, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def encode(image: Image, kind: Literal["JPEG", "PNG", "WEBP"], quality: int = 92) -> bytes:
    """The bytes of a picture file; `quality` 1..100 is for JPEG and WebP.

    Raises BadImage for an array that is no image and for one beyond the format's size.
    """
    encoded = BytesIO()
    try:
        PIL.Image.fromarray(decode(image)).save(encoded, kind, quality=quality)
    except (OSError, ValueError) as error:
        raise BadImage(f"cannot write {image.shape} as {kind}: {error}") from error
    return encoded.getvalue()
