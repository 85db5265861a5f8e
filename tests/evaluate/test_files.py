"""Facts of files, on pictures made here."""

from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from visavis.datasets.records import Dataset, Picture
from visavis.evaluate.files import Files, hash_vectors, perceptual_hash, read_files
from visavis.types import Image


def read(folder: Path, *names: str) -> Files:
    pictures = tuple(Picture(folder / name, name) for name in names)
    return read_files(Dataset("made", folder, pictures))


def bits(first: int, second: int) -> int:
    return (first ^ second).bit_count()


def test_size_coding_and_colour(astronaut: Image, tmp_path: Path) -> None:
    portrait = PIL.Image.fromarray(astronaut)
    portrait.save(tmp_path / "a.jpg", quality=90, subsampling=0)
    portrait.convert("L").save(tmp_path / "b.jpg", quality=40)
    portrait.resize((300, 200)).save(tmp_path / "c.png")
    found = read(tmp_path, "a.jpg", "b.jpg", "c.png")
    assert found.kinds == ("JPEG RGB", "JPEG L", "PNG RGB")
    assert found.measure("width").tolist() == [512, 512, 300]
    assert found.measure("height").tolist() == [512, 512, 200]
    assert found.measure("bytes").tolist() == [
        (tmp_path / n).stat().st_size for n in ("a.jpg", "b.jpg", "c.png")
    ]
    assert found.measure("jpeg_quality")[:2] == pytest.approx([90, 40], abs=0.6)
    assert np.isnan(found.measure("jpeg_quality")[2])
    assert found.measure("chroma")[0] == 0
    assert found.measure("grey").tolist() == [0, 1, 0]
    assert found.measure("red")[0] == pytest.approx(astronaut[..., 0].mean() / 255, abs=0.01)
    assert found.tables[0] != found.tables[1]
    assert found.tables[2] == ""


def test_exif_and_progressive_coding_are_seen(astronaut: Image, tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x010F] = "maker"
    PIL.Image.fromarray(astronaut).save(tmp_path / "a.jpg", exif=exif, progressive=True)
    PIL.Image.fromarray(astronaut).save(tmp_path / "b.jpg")
    found = read(tmp_path, "a.jpg", "b.jpg")
    assert found.measure("exif").tolist() == [1, 0]
    assert found.measure("progressive").tolist() == [1, 0]


def test_an_unreadable_file_is_an_error_and_no_number(astronaut: Image, tmp_path: Path) -> None:
    PIL.Image.fromarray(astronaut).save(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    found = read(tmp_path, "a.png", "b.jpg", "gone.jpg")
    assert found.errors == {"b.jpg": "bad_image", "gone.jpg": "bad_image"}
    assert found.readable.tolist() == [True, False, False]
    assert found.digests[1:] == (b"", b"")


def test_the_hash_survives_coding_and_resizing_and_tells_pictures_apart(
    astronaut: Image,
) -> None:
    whole = perceptual_hash(astronaut)
    smaller = np.asarray(cv2.resize(astronaut, (200, 200), interpolation=cv2.INTER_AREA), np.uint8)
    _, coded = cv2.imencode(".jpg", astronaut, [cv2.IMWRITE_JPEG_QUALITY, 40])
    again = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    assert bits(whole, perceptual_hash(smaller)) <= 4
    assert bits(whole, perceptual_hash(again)) <= 4
    assert bits(whole, perceptual_hash(np.ascontiguousarray(astronaut[::-1]))) > 16


def test_hash_vectors_turn_hamming_distance_into_cosine(rng: np.random.Generator) -> None:
    hashes = rng.integers(0, 2**63, 20, dtype=np.uint64)
    cosines = hash_vectors(hashes) @ hash_vectors(hashes).T
    expected = [[1 - bits(int(a), int(b)) / 32 for b in hashes] for a in hashes]
    np.testing.assert_allclose(cosines, expected, atol=1e-6)
