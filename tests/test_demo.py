from pathlib import Path

import pytest

from visavis.demo import Act, Answer, Scene, folder_acts, play, portrait_acts, portraits
from visavis.errors import InputError
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.image import save
from visavis.pipeline import Pipeline
from visavis.recognizer import Recognizer
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo


@pytest.fixture
def recognizer(tmp_path: Path) -> Recognizer:
    pipeline = Pipeline(FakeDetector(), FakeEmbedder())
    return Recognizer(pipeline, Gallery(tmp_path / "g", Keyring([bytes(32)])))


def shoot(folder: Path, person: str, count: int) -> None:
    (folder / person).mkdir(parents=True)
    for i in range(count):
        save(fake_photo(person, noise=3, seed=i), folder / person / f"{i}.png")


def test_the_last_person_of_a_folder_is_left_out(recognizer: Recognizer, tmp_path: Path) -> None:
    for person in ("ada", "ben", "cy"):
        shoot(tmp_path / "photos", person, 3)
    answers = list(play(recognizer, folder_acts(tmp_path / "photos")))
    assert [a.scene.expected for a in answers] == [("ada",), ("ben",), (None,)]
    assert all(a.right for a in answers)
    assert len(recognizer.collection) == 4  # the last photo of each was held back


def test_one_photo_a_person_is_varied(recognizer: Recognizer, tmp_path: Path) -> None:
    for person in ("ada", "ben"):
        save(fake_photo(person), tmp_path / f"{person}.png")
    [act] = folder_acts(tmp_path)
    assert list(act.enrol) == ["ada"]
    assert {scene.title for scene in act.scenes} >= {"dark", "mirrored", "blurred"}
    assert {scene.expected for scene in act.scenes} == {("ada",), (None,)}


def test_a_folder_needs_two_people(tmp_path: Path) -> None:
    shoot(tmp_path, "ada", 2)
    with pytest.raises(InputError, match="two or more people"):
        folder_acts(tmp_path)


@pytest.mark.parametrize("expected", [("ben",), (None,), ("ada", "ben"), ()])
def test_a_wrong_answer_is_wrong(recognizer: Recognizer, expected: tuple[str | None, ...]) -> None:
    scene = Scene("alone", fake_photo("ada"), expected)
    act = Act("one", enrol={"ada": [fake_photo("ada")]}, scenes=(scene,))
    [answer] = play(recognizer, [act])
    assert isinstance(answer, Answer)
    assert not answer.right


@pytest.mark.parametrize(
    ("people", "right"), [(("cy", "ada"), True), (("ben", "ada"), False), (("cy", "dan"), False)]
)
def test_bystanders_must_be_unknown(
    recognizer: Recognizer, people: tuple[str, ...], right: bool
) -> None:
    enrol = {name: [fake_photo(name)] for name in ("ada", "ben")}
    scene = Scene("held back", fake_photo(*people), ("ada",), bystanders=True)
    [answer] = play(recognizer, [Act("one", enrol, (), (scene,))])
    assert answer.right is right


def test_people_count_from_left_to_right(recognizer: Recognizer) -> None:
    enrol = {name: [fake_photo(name)] for name in ("ada", "ben")}
    scenes = (
        Scene("right", fake_photo("ben", "ada"), ("ben", "ada")),
        Scene("swapped", fake_photo("ben", "ada"), ("ada", "ben")),
    )
    assert [a.right for a in play(recognizer, [Act("two", enrol, (), scenes)])] == [True, False]


def test_the_built_in_play_leaves_one_out_enrols_both_and_forgets_one() -> None:
    pytest.importorskip("skimage", reason="the demo extra is not installed")
    first, second, third = portrait_acts()
    names = set(portraits())
    assert len(first.enrol) == len(second.enrol) == 1
    assert set(first.enrol) | set(second.enrol) == names
    assert set(third.forget) < names
    assert {(None,)} < {scene.expected for scene in first.scenes}
