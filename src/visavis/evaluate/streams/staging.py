"""How people stand in scripted streams: two who are enrolled and a stranger side by side."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.datasets.plays import Actor, Place, Play, Portrait
from visavis.datasets.rooms import room
from visavis.evaluate.streams.cast import Cast, Role
from visavis.evaluate.streams.conditions import SIZE, Change
from visavis.types import Floats

SECONDS: Final = 4.0
"""A stream's length, longer where somebody walks past."""
PLACE: Final = Place(360, 640)
_ACROSS: Final = (140.0, 320.0, 500.0)  # where the three stand
_DOWN: Final = 140.0
_SWAY: Final = (22.0, 10.0)  # pixels to the sides, up and down
_PASSER: Final = 1.25  # times as large as those behind


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Who stands together: up to two enrolled people and a stranger, and who may walk past."""

    roles: tuple[Role, ...]
    passer: Role


def groups(cast: Cast) -> list[Group]:
    """Everybody who is enrolled and shown, once; strangers take turns."""
    pairs = [cast.known[i : i + 2] for i in range(0, len(cast.known), 2)]
    strangers = cast.strangers
    return [
        Group((*pair, strangers[i % len(strangers)]), strangers[(i + 1) % len(strangers)])
        for i, pair in enumerate(pairs)
    ]


def staged(group: Group, name: str, change: Change, seed: int) -> tuple[Play, tuple[Role, ...]]:
    """The stream of a group under a change, and who is in it. The same places, photographs and
    noise whatever the change, but for what it changes; `name` is the strain's.
    """
    key = [seed, zlib.crc32(group.roles[0].name.encode())]
    rng = np.random.default_rng(key)
    length = max(SECONDS, change.passing + 1.0)
    places = rng.permutation(len(_ACROSS))[: len(group.roles)].tolist()
    paths = [_path((_ACROSS[place], _DOWN), length, rng) for place in places]
    actors = [
        Actor(role.name, _portraits(role, name, change, key), path)
        for role, path in zip(group.roles, paths, strict=True)
    ]
    roles = group.roles
    if change.passing:
        end = 0.5 + change.passing
        path = np.array([(0.5, -60, 150, _PASSER * SIZE), (end, 700, 150, _PASSER * SIZE)])
        shown = _portraits(group.passer, name, change, key)
        actors.append(Actor(group.passer.name, shown, path.astype(np.float32)))
        roles = (*roles, group.passer)
    wall, noise = room((PLACE.height, PLACE.width), rng), int(rng.integers(2**31))
    return Play(actors, PLACE, noise, wall=wall, light=change.light), roles


def _path(middle: tuple[float, float], length: float, rng: np.random.Generator) -> Floats:
    """Somebody who stands and shifts from foot to foot."""
    times = np.arange(0, length + 1, 1.0)
    times[-1] = length
    x, y = (
        at + rng.uniform(-reach, reach, len(times)) for at, reach in zip(middle, _SWAY, strict=True)
    )
    size = np.full(len(times), SIZE)
    return np.stack([times, x, y, size], axis=1).astype(np.float32)


def _portraits(role: Role, name: str, change: Change, key: Sequence[int]) -> list[Portrait]:
    """The person's photographs as the strain leaves them; sides and colours are the person's."""
    made = []
    for shot in role.shots:
        rng = np.random.default_rng(
            [*key, zlib.crc32(role.name.encode()), zlib.crc32(name.encode())]
        )
        worn = change.worn(shot, rng)
        made.append(Portrait(worn.image, worn.face.box))
    return made
