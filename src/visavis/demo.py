"""A demonstration that checks itself: people are enrolled, then sought in pictures not seen before.

The built-in portraits are in the public domain and come with scikit-image (Eileen Collins, NASA)
and matplotlib (Grace Hopper, US Navy). Pictures are made from them by other light, angle, scale,
mirror, blur and compression, so this shows that the system works, not how well: see the docs for
measurements.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from visavis.datasets.distortions import blur, cast, flipped, gamma, jpeg, resized, rotated
from visavis.errors import InputError, MissingExtra
from visavis.image import decode
from visavis.recognizer import Recognizer
from visavis.types import Identification, Image

COLLINS, HOPPER = "Eileen Collins", "Grace Hopper"
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".gif"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture and who is in it from left to right; None stands for an unknown person.

    With `bystanders` there may be more people than expected, and they must all be unknown.
    """

    title: str
    image: Image
    expected: tuple[str | None, ...]
    bystanders: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """One step of the play: whom to enrol and forget, then the scenes to recognise."""

    title: str
    enrol: Mapping[str, list[Image]] = field(default_factory=dict)
    forget: tuple[str, ...] = ()
    scenes: tuple[Scene, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a scene."""

    act: str
    scene: Scene
    found: tuple[Identification, ...]

    @property
    def right(self) -> bool:
        """Each face was found and given the right answer, no more and no fewer."""
        found, expected = [i.subject for i in self.found], list(self.scene.expected)
        if self.scene.bystanders and len(found) > len(expected):
            return [s for s in found if s] == [s for s in expected if s]
        return found == expected


def play(recognizer: Recognizer, acts: list[Act]) -> Iterator[Answer]:
    """Enrols, forgets and identifies, act by act."""
    for act in acts:
        for subject, photos in act.enrol.items():
            recognizer.enrol(subject, photos)
        for subject in act.forget:
            recognizer.forget(subject)
        for scene in act.scenes:
            found = recognizer.identify(scene.image)
            found.sort(key=lambda i: float(i.sample.face.box[0]))
            yield Answer(act.title, scene, tuple(found))


def gather(recognizer: Recognizer, acts: list[Act]) -> None:
    """Enrols everybody whom the play enrolled and forgot again."""
    for act in acts:
        for subject, photos in act.enrol.items():
            if subject not in recognizer.collection:
                recognizer.enrol(subject, photos)


def portraits() -> dict[str, Image]:
    """The two built-in portraits. Raises MissingExtra when the packages are not installed."""
    try:
        from matplotlib.cbook import get_sample_data
        from skimage.data import astronaut
    except ImportError:
        raise MissingExtra("demo", "the demonstration on built-in portraits") from None
    hopper = decode(str(get_sample_data("grace_hopper.jpg", asfileobj=False)))
    return {COLLINS: decode(astronaut()[:400, 20:420]), HOPPER: hopper[:500]}


def portrait_acts() -> list[Act]:
    """One left out, then both enrolled, then one forgotten."""
    people = portraits()
    collins, hopper = people[COLLINS], people[HOPPER]
    return [
        Act(
            "Collins enrolled",
            enrol={COLLINS: [collins]},
            scenes=(*_scenes(collins, COLLINS), *_scenes(hopper, None)),
        ),
        Act(
            "both enrolled",
            enrol={HOPPER: [hopper]},
            scenes=(*_scenes(hopper, HOPPER), Scene("both", *_both(people, COLLINS, HOPPER))),
        ),
        Act(
            "Collins forgotten",
            forget=(COLLINS,),
            scenes=(Scene("both again", *_both(people, None, HOPPER)),),
        ),
    ]


def folder_acts(folder: Path) -> list[Act]:
    """The user's photos: one folder a person, or one photo a person.

    The last photo of each folder is kept back to be recognised; the last person is left out and
    must be unknown. Raises InputError with fewer than two people.
    """
    people = {name: [decode(path) for path in files] for name, files in _photos(folder).items()}
    if len(people) < 2:
        raise InputError(f"expected photos of two or more people in {folder}, got {len(people)}")
    *known, stranger = people
    scenes = [s for name in known for s in _held_back(people[name], name)]
    scenes += _held_back(people[stranger], None)
    enrol = {name: people[name][:-1] or people[name] for name in known}
    return [Act(f"without {stranger}", enrol=enrol, scenes=tuple(scenes))]


def _photos(folder: Path) -> dict[str, list[Path]]:
    people: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES and path.is_file():
            name = path.stem if path.parent == folder else path.parent.name
            people.setdefault(name, []).append(path)
    return people


def _held_back(photos: list[Image], expected: str | None) -> list[Scene]:
    if len(photos) == 1:
        return _scenes(photos[0], expected)
    return [Scene("held back", photos[-1], (expected,), bystanders=True)]


def _scenes(portrait: Image, expected: str | None) -> list[Scene]:
    return [Scene(title, change(portrait), (expected,)) for title, change in VARIATIONS.items()]


def _both(
    people: Mapping[str, Image], *expected: str | None
) -> tuple[Image, tuple[str | None, ...]]:
    """The two portraits in one picture, at different scales and in different light."""
    height = 480
    left = resized(people[COLLINS], height / people[COLLINS].shape[0])
    right = gamma(resized(people[HOPPER], height / people[HOPPER].shape[0]), 1.3)
    return np.hstack([left, right]), expected


VARIATIONS: Mapping[str, Callable[[Image], Image]] = {
    "dark": lambda image: gamma(image, 2.0),
    "bright": lambda image: gamma(image, 0.5),
    "warm light": lambda image: cast(image, 1.15, 1.0, 0.7),
    "turned 20 deg": lambda image: rotated(image, 20),
    "small": lambda image: resized(image, 0.35),
    "large": lambda image: resized(image, 2.0),
    "mirrored": flipped,
    "blurred": lambda image: blur(image, image.shape[0] / 250),
    "compressed": lambda image: jpeg(image, 12),
}
