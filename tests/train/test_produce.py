from pathlib import Path

import pytest

from visavis.errors import ConfigError
from visavis.image import save
from visavis.testing import FakeDetector, fake_photo
from visavis.train.produce import Inputs
from visavis.train.recipe import LivenessRecipe, Real, Shots


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for i in range(9):
        folder = tmp_path / "photos" / f"day{i % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        save(fake_photo("ada", size=96, seed=i), folder / f"{i}.png")
    return tmp_path / "photos"


@pytest.fixture
def presented(tmp_path: Path) -> Path:
    for kind in ("real", "print"):
        for subject in ("amy", "zoe"):
            folder = tmp_path / "tried" / kind / subject
            folder.mkdir(parents=True)
            save(fake_photo(subject, size=96), folder / "1.png")
    return tmp_path / "tried"


def test_a_recipe_takes_photos_evenly_spaced_at_any_depth(photos: Path) -> None:
    inputs = Inputs(photos, None, photos / "pool")
    assert len(inputs.dataset(LivenessRecipe("a"))) == 9
    some = inputs.dataset(LivenessRecipe("a", shots=Shots(photos=3)))
    names = [p.name for p in inputs.dataset(LivenessRecipe("a")).pictures]
    assert [p.name for p in some.pictures] == [names[0], names[4], names[8]]


def test_faces_and_shots_are_kept_beside_one_another(photos: Path, tmp_path: Path) -> None:
    inputs = Inputs(photos, None, tmp_path / "pool")
    plan = LivenessRecipe("a", shots=Shots(photos=2, raw=1.0, attacks=0.0))
    pictures, faces = inputs.faces(inputs.dataset(plan), FakeDetector())
    pool = inputs.shots(plan, pictures, faces)
    assert (len(faces), len(pool)) == (2, 2)
    assert (tmp_path / "pool" / "faces.npz").is_file()


def test_real_presentations_without_the_subjects_held_out(presented: Path, tmp_path: Path) -> None:
    inputs = Inputs(tmp_path, presented, tmp_path / "pool")
    plan = LivenessRecipe("a", real=Real(0.5, ("zoe",)))
    pool = inputs.presentations(plan, FakeDetector())
    assert pool is not None
    assert set(pool.species) == {"bona_fide", "print"}
    assert set(pool.photos.tolist()) == {0}
    assert inputs.presentations(LivenessRecipe("a"), FakeDetector()) is None
    with pytest.raises(ConfigError, match="max"):
        inputs.presentations(LivenessRecipe("a", real=Real(0.5, ("max",))), FakeDetector())


def test_a_recipe_that_asks_for_real_presentations_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give their folder"):
        Inputs(tmp_path, None, tmp_path).presentations(
            LivenessRecipe("a", real=Real(0.5)), FakeDetector()
        )
