"""Simulated attacks: counted by hand on shots of known making, repeatable, and kept as a set."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.attacks import MECHANISMS
from visavis.datasets.layouts import read
from visavis.datasets.pad import read_pad
from visavis.datasets.records import BONA_FIDE, Dataset
from visavis.errors import InputError, NoFace, NotMeasured
from visavis.evaluate.container import control
from visavis.evaluate.pad import present
from visavis.evaluate.spoof import Matcher, generator, shoot, simulate, species_of
from visavis.image import decode, save
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Embedding, Face, Image, Liveness


class Darkness:
    """Takes dark faces for attacks; the darkest for nothing that can be told."""

    def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
        mean = float(image[image.any(axis=2)].mean())
        return Liveness(None if mean < 10 else min(mean / 255, 1.0), target.threshold or 0.2)


class Anywhere:
    """Finds one face in the middle of every picture, for simulated shots."""

    def detect(self, image: Image) -> list[Face]:
        height, width = image.shape[:2]
        box = np.array((width, height, width, height)) * (0.25, 0.25, 0.75, 0.75)
        places = np.array([(0.35, 0.4), (0.65, 0.4), (0.5, 0.55), (0.4, 0.65), (0.6, 0.65)])
        return [Face(box, (width, height) * places, 1.0)]


class OnePerson:
    """Finds everybody alike."""

    model, dim, calibration = "one", 2, FakeEmbedder().calibration

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        return [Embedding.of([1, 0], self.model) for _ in faces]


def planted(photo: Image, face: Face, mechanism: str, rng: np.random.Generator) -> Image:
    """laser is dark; lcd so dark that nothing can be told; oled as if live; bands shows nobody."""
    match mechanism:
        case "laser":
            return np.maximum(photo // 6, photo > 0).astype(np.uint8)
        case "lcd":
            return np.asarray(photo > 0, np.uint8)
        case "bands":
            return np.zeros_like(photo)
        case _:
            return photo


@pytest.fixture
def people(tmp_path: Path) -> Dataset:
    """Three people with a bright face, one picture of nobody."""
    for place, person in enumerate(("ada", "ben", "cleo")):
        (tmp_path / "set" / person).mkdir(parents=True)
        save(fake_photo(person, seed=place, noise=3), tmp_path / "set" / person / "1.png")
    (tmp_path / "set" / "nobody").mkdir()
    save(fake_photo(), tmp_path / "set" / "nobody" / "1.png")
    return read(tmp_path / "set")


def test_by_hand(people: Dataset) -> None:
    # each of the 3 people: live twin live; laser refused; oled passes; lcd and bands: no response
    found = simulate(
        people,
        FakeDetector(),
        Darkness(),
        mechanisms=("laser", "lcd", "oled", "bands"),
        matcher=Matcher(OnePerson(), 0.5),
        make=planted,
    )
    assert found.unusable == {"nobody/1.png": "no_face"}
    assert (found.pictures, found.mechanisms) == (3, ("laser", "lcd", "oled", "bands"))
    assert found.presented.species[:5] == (
        BONA_FIDE, "print/laser", "screen/lcd", "screen/oled", "screen/bands",
    )  # fmt: skip
    assert found.silent == ("screen/bands", "screen/lcd")
    rates = {a.species: (a.error.events, a.error.trials) for a in found.pad.attacks}
    assert rates == {"print/laser": (0, 3), "screen/oled": (3, 3)}
    assert (found.pad.bpcer.events, found.pad.threshold) == (0, 0.2)
    assert found.joint is not None
    both = {a.species: a for a in found.joint.attacks}
    assert [both["print/laser"].iapmr.events, both["print/laser"].iapar.events] == [3, 0]
    assert both["screen/oled"].iapar.events == 3
    assert both["screen/lcd"].iapmr.events == 3  # the match responded, the check did not
    assert both["screen/lcd"].iapar.trials == 0
    assert both["screen/bands"].non_response.events == 3


def test_the_target_reaches_the_check(people: Dataset) -> None:
    strict = LiveTarget(threshold=0.9)
    found = simulate(people, FakeDetector(), Darkness(), target=strict, make=planted,
                     mechanisms=["oled"])  # fmt: skip
    assert found.pad.threshold == 0.9
    assert found.pad.bpcer.events == 3


def test_a_check_that_draws_its_line_case_by_case(people: Dataset) -> None:
    """The threshold is just above the score of a bright face, and just below that of a dark one."""

    class Torn(Darkness):
        def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
            score = float(super().check(image, face).score or 0)
            return Liveness(score, score + (0.01 if score > 0.2 else -0.01))

    found = simulate(people, FakeDetector(), Torn(), make=planted, mechanisms=["laser"],
                     matcher=Matcher(OnePerson(), 0.5))  # fmt: skip
    assert (found.pad.apcer.events, found.pad.bpcer.events) == (3, 3)
    assert len(np.unique(found.thresholds)) > 1
    assert found.joint is not None
    assert found.joint.worst.iapar.events == 3


def test_a_draw_of_pictures_is_repeatable_and_in_order(people: Dataset) -> None:
    def names(seed: int) -> tuple[str, ...]:
        found = simulate(people.only(p.name for p in people.pictures if p.identity != "nobody"),
                         FakeDetector(), Darkness(), count=2, seed=seed, make=planted,
                         mechanisms=["oled"])  # fmt: skip
        return found.presented.subjects

    drawn = {names(seed) for seed in range(12)}
    assert names(3) == names(3)
    assert len(drawn) > 1
    assert all(list(pair) == sorted(pair) for pair in drawn)


def test_shots_depend_on_seed_and_picture_alone() -> None:
    first, again = generator(1, "a.jpg").random(4), generator(1, "a.jpg").random(4)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, generator(2, "a.jpg").random(4))
    assert not np.array_equal(first, generator(1, "b.jpg").random(4))


def test_the_live_twin_and_an_attack_share_camera_and_size(astronaut: Image) -> None:
    [face] = Anywhere().detect(astronaut[:256, 96:352])
    photo = np.ascontiguousarray(astronaut[:256, 96:352])
    twin, print_, again = (
        shoot(photo, face, name, generator(0, "a")) for name in (BONA_FIDE, "laser", "laser")
    )
    assert twin.shape == print_.shape
    assert np.array_equal(print_, again)
    assert not np.array_equal(twin, print_)


def test_species_and_unknown_mechanisms() -> None:
    every = species_of(())
    assert list(every) == [BONA_FIDE, *(m.name for m in MECHANISMS)]
    assert species_of(["oled"]) == {BONA_FIDE: BONA_FIDE, "oled": "screen/oled"}
    with pytest.raises(InputError, match=r"expected mechanisms of laser, .*, got hologram"):
        species_of(["hologram"])


def test_the_kept_set_reads_and_rates_alike(tmp_path: Path, astronaut: Image) -> None:
    """Files without loss: what was judged is what is kept, and the files tell nothing."""
    (tmp_path / "set").mkdir()
    for place in range(3):
        save(astronaut[:200, 100 + place : 300 + place], tmp_path / "set" / f"{place}.png")
    (tmp_path / "set" / "labels.csv").write_text("file\n0.png\n1.png\n2.png\n")
    out = tmp_path / "shots"
    words = {"mechanisms": ["laser", "flat"], "out": out}
    found = simulate(read(tmp_path / "set"), Anywhere(), Darkness(), **words)  # type: ignore[arg-type]
    pad = read_pad(out)
    assert pad.species == ("mask/flat", "print/laser")
    assert len(pad.dataset) == 9
    assert {p.device for p in pad.presentations} == {"simulated"}
    assert {p.picture.attributes["source"] for p in pad.presentations} == {
        *("0.png", "1.png", "2.png")
    }
    again, _ = present(Anywhere(), Darkness(), pad)
    assert np.array_equal(again.scores, found.presented.scores)
    assert again.species == found.presented.species
    sizes = {decode(p.picture.path).shape for p in pad.presentations if p.subject == "0.png"}
    assert len(sizes) == 1
    assert control(pad).pictures == 9
    with pytest.raises(InputError, match="new or empty folder"):
        simulate(read(tmp_path / "set"), Anywhere(), Darkness(), **words)  # type: ignore[arg-type]


def test_what_cannot_be_measured(people: Dataset, tmp_path: Path) -> None:
    nobody = people.only(["nobody/1.png"])
    with pytest.raises(InputError, match="pictures with a face"):
        simulate(nobody, FakeDetector(), Darkness(), make=planted)

    class Refuses(Darkness):
        def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
            raise NoFace("expected a face, found none")

    with pytest.raises(InputError, match="got none to bona_fide"):
        simulate(people, FakeDetector(), Refuses(), make=planted, mechanisms=["laser"])

    class Unmeasured(Darkness):
        def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
            raise NotMeasured("expected a BPCER of 0.01 or more, got 0.001")

    with pytest.raises(NotMeasured):
        simulate(people, FakeDetector(), Unmeasured(), make=planted, mechanisms=["laser"])
