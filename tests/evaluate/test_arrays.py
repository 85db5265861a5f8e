from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.layouts import read
from visavis.datasets.split import Split
from visavis.evaluate import arrays
from visavis.evaluate.prepare import Preparation, prepare
from visavis.image import decode, save
from visavis.testing import FakeDetector, fake_photo

HOW = Preparation("fake", size=32, split=Split(60, 40, 0), suffix=".png", mean=100.0, std=50.0)


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    for person in ("ada", "ben", "cleo", "dan", "eve"):
        for seed in (1, 2, 3):
            path = tmp_path / "faces" / person / f"{seed}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            save(fake_photo(person, noise=3, seed=seed), path)
    prepare(FakeDetector(), read(tmp_path / "faces"), tmp_path / "out", HOW)
    return tmp_path / "out"


def test_a_file_a_part_with_normalised_crops(crops: Path, monkeypatch) -> None:
    monkeypatch.setattr(arrays, "_BATCH", 4)  # several pieces
    made = arrays.write_arrays(crops, HOW)
    assert [path.name for path in made] == ["train.npz", "val.npz"]
    total = 0
    for path in made:
        with np.load(path, allow_pickle=False) as kept:
            images, names = kept["images"], kept["names"].tolist()
            people = kept["identities"].tolist()
            owners = [people[at] for at in kept["owners"]]
        assert images.dtype == np.float32
        assert images.shape == (len(names), 3, 32, 32)
        assert owners == [name.partition("/")[0] for name in names]
        assert {HOW.split.part(person) for person in people} == {path.stem}
        for name, image in zip(names, images, strict=True):
            crop = decode(crops / "crops" / name).astype(np.float32)
            np.testing.assert_allclose(image, (crop.transpose(2, 0, 1) - 100) / 50, atol=1e-6)
        total += len(names)
    assert total == 15


def test_it_may_be_done_again(crops: Path) -> None:
    first = [path.read_bytes() for path in arrays.write_arrays(crops, HOW)]
    second = [np.load(path)["images"].shape for path in arrays.write_arrays(crops, HOW)]
    assert len(first) == len(second)
    assert not [p for p in crops.iterdir() if p.name.startswith(".")]
