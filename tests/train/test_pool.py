from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.attacks import MECHANISMS
from visavis.datasets.records import BONA_FIDE, Dataset, PadSet, Picture, Presentation
from visavis.errors import InputError
from visavis.image import save
from visavis.testing import FakeDetector, fake_photo
from visavis.train.faces import faces_of
from visavis.train.pool import MARGIN, class_of, real, simulated
from visavis.train.recipe import Shots
from visavis.types import Face


@pytest.fixture
def photos(tmp_path: Path) -> tuple[list[Picture], list[Face]]:
    """Four photos of one square face each."""
    pictures = []
    for i, name in enumerate(("ada", "ben", "cleo", "dan")):
        path = tmp_path / f"{name}.png"
        save(fake_photo(name, size=160, noise=8, seed=i), path)
        pictures.append(Picture(path, path.name))
    face = FakeDetector().detect(fake_photo("ada", size=160))[0]
    return pictures, [face] * 4


def test_shots_are_those_of_the_seed_and_kept_on_disk(
    photos: tuple[list[Picture], list[Face]], tmp_path: Path
) -> None:
    plan = Shots(raw=0.5, attacks=1.5)
    first = simulated(*photos, plan, 3, tmp_path / "a")
    again = simulated(*photos, plan, 3, tmp_path / "b")
    np.testing.assert_array_equal(np.stack(first.crops), np.stack(again.crops))
    assert np.stack(first.crops).shape[1:] == (2, MARGIN, MARGIN, 3)
    made = {p: p.stat().st_mtime_ns for p in (tmp_path / "a").rglob("*.npy")}
    kept = simulated(*photos, plan, 3, tmp_path / "a")
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "a").rglob("*.npy")} == made
    np.testing.assert_array_equal(np.stack(kept.crops), np.stack(first.crops))
    other = simulated(*photos, plan, 4, tmp_path / "a")
    assert len(other) != len(first) or not np.array_equal(other.crops[0], first.crops[0])


def test_every_photo_has_a_live_shot_and_its_share_of_attacks(
    photos: tuple[list[Picture], list[Face]], tmp_path: Path
) -> None:
    pool = simulated(*photos, Shots(raw=1.0, attacks=2.0), 0, tmp_path / "p")
    assert sorted(pool.photos.tolist()) == sorted([0, 1, 2, 3] * 3)
    assert pool.species.count(BONA_FIDE) == 4
    known = {f"{m.family}/{m.name}" for m in MECHANISMS}
    assert set(pool.species) - {BONA_FIDE} <= known
    assert [class_of(s) for s in pool.species] == pool.classes.tolist()


def test_a_shard_that_was_cut_short_is_made_again(
    photos: tuple[list[Picture], list[Face]], tmp_path: Path
) -> None:
    plan = Shots(raw=1.0, attacks=1.0)
    whole = simulated(*photos, plan, 0, tmp_path / "p")
    [labels] = (tmp_path / "p").rglob("*.json")
    labels.unlink()
    crops = labels.with_suffix(".npy")
    crops.unlink()  # `whole` still maps the old one
    crops.write_bytes(b"cut short")
    again = simulated(*photos, plan, 0, tmp_path / "p")
    np.testing.assert_array_equal(np.stack(again.crops), np.stack(whole.crops))


def test_a_photo_that_cannot_be_read_is_left_out(
    photos: tuple[list[Picture], list[Face]], tmp_path: Path
) -> None:
    photos[0][1].path.write_bytes(b"no picture")
    pool = simulated(*photos, Shots(raw=1.0, attacks=1.0), 0, tmp_path / "p")
    assert set(pool.photos.tolist()) == {0, 2, 3}


def test_real_presentations_are_numbered_by_subject(
    photos: tuple[list[Picture], list[Face]], tmp_path: Path
) -> None:
    pictures = tuple(photos[0])
    species = (BONA_FIDE, "print", BONA_FIDE, "print")
    subjects = ("zoe", "zoe", "amy", "amy")
    shown = tuple(Presentation(*row) for row in zip(pictures, species, subjects, strict=True))
    pad = PadSet(Dataset("tried", tmp_path, pictures), shown)
    pool = real(pad, FakeDetector(), copies=2)
    assert pool.photos.tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert pool.classes.tolist() == [0, 0, 1, 1] * 2


def test_species_have_classes() -> None:
    assert [class_of(s) for s in (BONA_FIDE, "print/laser", "screen", "mask/flat")] == [0, 1, 2, 3]
    with pytest.raises(InputError, match="puppet"):
        class_of("puppet")


def test_faces_are_found_once(photos: tuple[list[Picture], list[Face]], tmp_path: Path) -> None:
    save(fake_photo(size=160), tmp_path / "nobody.png")
    empty = Picture(tmp_path / "nobody.png", "nobody.png")
    dataset = Dataset("photos", tmp_path, (*photos[0], empty))
    file = tmp_path / "faces.npz"
    pictures, faces = faces_of(dataset, FakeDetector(), file)
    assert [p.name for p in pictures] == [p.name for p in photos[0]]
    save(fake_photo(size=160), photos[0][0].path)  # nobody is looked for again
    kept, same = faces_of(dataset, FakeDetector(), file)
    assert [p.name for p in kept] == [p.name for p in pictures]
    np.testing.assert_array_equal(same[0].box, faces[0].box)
    fewer, _ = faces_of(Dataset("photos", tmp_path, tuple(photos[0][:2])), FakeDetector(), file)
    assert [p.name for p in fewer] == [photos[0][1].name]
