"""Facts about a set's files that need no model: size, coding, colour, and two fingerprints."""

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from visavis.batching import Progress, batch
from visavis.datasets.records import Dataset
from visavis.errors import BadImage
from visavis.image import ImageLimits, decode
from visavis.types import Floats, Image

HASH_BITS: Final = 64
_SIDE: Final = 64  # what colour and hash are taken from
_STANDARD_LUMA: Final = 3688  # sum of the luminance table of ITU-T T.81, Annex K


@dataclass(frozen=True, slots=True)
class FileNumbers:
    """One file in numbers. NaN where the format has no such thing.

    `width`, `height` as stored upright; `jpeg_quality` 1..100 as libjpeg counts, estimated from
    the sum of the luminance table; `chroma` is 0 for 4:4:4, 1 for 4:2:2, 2 for 4:2:0; `exif` and
    `progressive` 0 or 1; `grey` is 1 where the channels do not differ; `red`, `green`, `blue` and
    `brightness` (luma) are means over the picture, 0..1.
    """

    bytes: float
    width: float
    height: float
    jpeg_quality: float
    chroma: float
    progressive: float
    exif: float
    grey: float
    red: float
    green: float
    blue: float
    brightness: float


NUMBERS: Final = tuple(f.name for f in fields(FileNumbers))
"""The columns of `Files.numbers`."""


@dataclass(frozen=True)
class Files:
    """The facts of a set's files, row by row; NaN, "" and 0 where a file could not be read.

    `numbers` (N, 12) by NUMBERS; `kinds`: format and mode; `tables`: a short digest of the JPEG
    quantisation tables; `digests`: SHA-256; `hashes` (N,) uint64, perceptual. `errors`: codes by
    picture name.
    """

    dataset: Dataset
    numbers: NDArray[np.float64]
    kinds: tuple[str, ...]
    tables: tuple[str, ...]
    digests: tuple[bytes, ...]
    hashes: NDArray[np.uint64]
    errors: Mapping[str, str]

    def measure(self, name: str) -> NDArray[np.float64]:
        """(N,) one column of `numbers`, such as "width"."""
        column: NDArray[np.float64] = self.numbers[:, NUMBERS.index(name)]
        return column

    @property
    def readable(self) -> NDArray[np.bool_]:
        """(N,) whether the file is a whole picture."""
        return np.isfinite(self.measure("width"))


@dataclass(frozen=True, slots=True)
class _One:
    numbers: FileNumbers
    kind: str
    tables: str
    digest: bytes
    hash: int


def read_files(dataset: Dataset, progress: Progress | None = None) -> Files:
    """The facts of all files in one pass, on all cores; one picture a core is in memory."""
    count = len(dataset)
    numbers = np.full((count, len(NUMBERS)), np.nan)
    hashes = np.zeros(count, np.uint64)
    kinds, tables, digests = [""] * count, [""] * count, [b""] * count
    errors = {}
    for outcome in batch(_read, [p.path for p in dataset.pictures]):
        row = outcome.index
        if outcome.error is not None:
            errors[dataset.pictures[row].name] = outcome.error.code
        else:
            one = outcome.unwrap()
            numbers[row], hashes[row] = astuple(one.numbers), one.hash
            kinds[row], tables[row], digests[row] = one.kind, one.tables, one.digest
        if progress is not None:
            progress(row + 1, count)
    return Files(dataset, numbers, tuple(kinds), tuple(tables), tuple(digests), hashes, errors)


def perceptual_hash(image: Image) -> int:
    """64 bits that change little when a picture is coded anew, resized or slightly retouched.

    The signs of the 8 x 8 lowest cosine frequencies of the grey picture against their median
    (Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010).
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = np.asarray(cv2.dct(small))[:8, :8]
    return int(np.packbits(low > np.median(low)).view(">u8")[0])


def hash_vectors(hashes: NDArray[np.uint64]) -> Floats:
    """(N, 64) vectors of length 1 whose cosine is 1 - d / 32 at a Hamming distance of d."""
    bits = np.unpackbits(hashes.astype(">u8").view(np.uint8)).reshape(-1, HASH_BITS)
    return (bits.astype(np.float32) * 2 - 1) / np.float32(np.sqrt(HASH_BITS))


def _read(path: Path) -> _One:
    limits = ImageLimits()
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= limits.max_bytes else b""
    except OSError as error:
        raise BadImage(f"expected a readable file, got {type(error).__name__}: {path}") from error
    image = decode(data or path, limits)
    small = np.asarray(
        cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )
    kind, tables, coding = header(data)
    height, width = image.shape[:2]
    numbers = FileNumbers(len(data), width, height, *coding, *_colour(small))
    return _One(numbers, kind, tables, hashlib.sha256(data).digest(), perceptual_hash(small))


def header(data: bytes) -> tuple[str, str, tuple[float, float, float, float]]:
    """Format and mode, a digest of the quantisation tables, and JPEG quality, chroma, progressive
    and EXIF as in FileNumbers: what a file says of itself before any pixel is decoded.
    """
    try:
        with PIL.Image.open(BytesIO(data)) as opened:
            return f"{opened.format} {opened.mode}", *_coding(opened)
    except PIL.UnidentifiedImageError:  # HEIC, which Pillow alone does not know
        return "HEIC", "", (np.nan, np.nan, 0.0, np.nan)


def _coding(header: PIL.Image.Image) -> tuple[str, tuple[float, float, float, float]]:
    """The digest of the quantisation tables; JPEG quality, chroma, progressive and EXIF."""
    exif = float("exif" in header.info)
    if not isinstance(header, JpegImageFile) or not header.quantization:
        return "", (np.nan, np.nan, 0.0, exif)
    tables = sorted(header.quantization.items())
    digest = hashlib.sha256(repr(tables).encode()).hexdigest()[:8]
    sampling = float(get_sampling(header)) if header.mode == "RGB" else np.nan
    progressive = float(bool(header.info.get("progressive")))
    return digest, (_jpeg_quality(sum(tables[0][1])), sampling, progressive, exif)


def _jpeg_quality(luma_sum: float) -> float:
    """libjpeg scales the standard table by 50 / q below quality 50 and by 2 - q / 50 above."""
    scale = luma_sum / _STANDARD_LUMA
    return float(np.clip(100 - 50 * scale if scale < 1 else 50 / scale, 1, 100))


def _colour(small: Image) -> tuple[float, float, float, float, float]:
    """Whether it is grey; mean red, green, blue and luma."""
    spread = int((small.max(axis=2).astype(int) - small.min(axis=2)).max())
    red, green, blue = (small.reshape(-1, 3).mean(axis=0) / 255).tolist()
    return float(spread <= 2), red, green, blue, 0.299 * red + 0.587 * green + 0.114 * blue
