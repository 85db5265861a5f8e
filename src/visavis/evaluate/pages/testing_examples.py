"""What the scripted streams look like, on two portraits that may be published."""

from collections.abc import Sequence
from io import BytesIO
from typing import Final

import PIL.Image

from visavis.datasets.films import ACTS, RATE, Film
from visavis.draw import grid
from visavis.evaluate.conditions import Scene
from visavis.evaluate.pages.testing import SHOWN
from visavis.evaluate.streams.cast import Role
from visavis.evaluate.streams.conditions import Change, change
from visavis.evaluate.streams.staging import Group, staged
from visavis.report.document import Photograph
from visavis.types import Image

_COLUMNS: Final = 4
_AT: Final = 25  # the frame shown
_COLLINS: Final = "Eileen Collins, by NASA"
_HOPPER: Final = "Grace Hopper, by the US Navy"
_SHOWN: Final = (
    ("dark", 4.0),
    ("bright", 2.0),
    ("back light", 4.0),
    ("turned aside", 30.0),
    ("looking down", 20.0),
    ("rolled head", 30.0),
    ("tilted camera", 10.0),
    ("mask", 0.3),
    ("sunglasses", 0.52),
    ("hand", 0.5),
    ("somebody in front", 3.0),
    ("motion blur", 20.0),
    ("low resolution", 16.0),
    ("compression", 8.0),
)


def examples(scenes: Sequence[Scene], seed: int = 0) -> tuple[Photograph, ...]:
    """A sheet of streams and one of films, of two portraits in the public domain."""
    return _streams(scenes, seed), _films(scenes[0], seed)


def _streams(scenes: Sequence[Scene], seed: int) -> Photograph:
    roles = tuple(Role(f"portrait {i}", (scene,), True) for i, scene in enumerate(scenes))
    group = Group(roles, Role("passer", (scenes[-1],), False))
    images, captions = [_frame(group, "", Change(), seed)], ["no strain"]
    for name, value in _SHOWN:
        images.append(_frame(group, name, change(name, value), seed))
        captions.append(f"{name} {value:g}")
    return _sheet(
        "testing-streams",
        images,
        captions,
        "A frame of each kind of stream, here of two portraits: scripted scenes of pasted "
        "photographs, and one step of each strain.",
        f"{_COLLINS}, and {_HOPPER}; altered as said",
    )


def _frame(group: Group, name: str, done: Change, seed: int) -> Image:
    scene, _ = staged(group, name, done, seed)
    return done.lens(scene.frame(_AT)[0])


def _films(scene: Scene, seed: int) -> Photograph:
    images, captions = [], []
    for act in ACTS:
        film = Film(scene.image, scene.face, act, seed)
        for second in range(_COLUMNS):
            images.append(film.frame(second * RATE))
            captions.append(f"{SHOWN[act]}, {second} s")
    return _sheet(
        "testing-films",
        images,
        captions,
        "What is presented with liveness required, second by second: all simulated from one "
        "photograph, in one room and by one camera.",
        f"{_COLLINS}; altered as said",
    )


def _sheet(
    name: str, images: list[Image], captions: list[str], said: str, credit: str
) -> Photograph:
    file = BytesIO()
    PIL.Image.fromarray(grid(images, captions, _COLUMNS)).save(file, "JPEG", quality=82)
    return Photograph(name, file.getvalue(), said, said, "public domain", credit)
