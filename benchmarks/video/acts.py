"""What happens in the scripted scene: short acts, one after another, each with other people."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from video.scene import HEIGHT, WIDTH, Actor, Portrait, Scene

People: TypeAlias = Iterator[tuple[str, list[Portrait]]]
Steps: TypeAlias = Sequence[tuple[float, float, float, float]]
Act: TypeAlias = Callable[[float, People, np.random.Generator], list[Actor]]

_LINE = 0.45 * HEIGHT


def _actor(people: People, start: float, steps: Steps, *away: tuple[float, float]) -> Actor:
    """A person whose steps (seconds, x, y, width) and turns are told from the start of the act."""
    name, found = next(people)
    path = np.array(steps, np.float32) + np.array([start, 0, 0, 0], np.float32)
    return Actor(name, found, path, [(start + a, start + b) for a, b in away])


def cross(start: float, people: People, rng: np.random.Generator) -> list[Actor]:
    """Two of one size cross in three seconds, and back."""
    y = _LINE + rng.uniform(-8, 8)
    return [
        _actor(people, start, [(0, 400, y, 70), (3, 620, y, 70), (6, 400, y, 70)]),
        _actor(people, start, [(0, 620, _LINE, 74), (3, 400, _LINE, 74), (6, 620, _LINE, 74)]),
    ]


def hide(start: float, people: People, rng: np.random.Generator) -> list[Actor]:
    """One stands in front of another for a second; both go on, then turn back as they meet."""
    still = 480 + rng.uniform(-10, 10)
    return [
        _actor(people, start, [(0, 480, _LINE, 64), (8, 500, _LINE, 64)]),
        _actor(
            people,
            start,
            [
                (0, 700, _LINE + 10, 100),
                (2, still, _LINE + 8, 100),
                (3, still, _LINE + 8, 100),
                (5, 250, _LINE + 8, 100),
                (7, still, _LINE + 8, 100),
                (8, 250, _LINE + 8, 100),
            ],
        ),
    ]


def turn_away(start: float, people: People, rng: np.random.Generator) -> list[Actor]:
    """Two look away for a second or more, and one walks on meanwhile."""
    stays = 230 + rng.uniform(-20, 20)
    return [
        _actor(people, start, [(0, stays, _LINE, 80), (7, stays + 15, _LINE, 80)], (1.5, 2.9)),
        _actor(
            people, start, [(0, 450, 200, 60), (3, 480, 200, 60), (7, 840, 210, 66)], (3.2, 4.9)
        ),
    ]


def replaced(start: float, people: People, rng: np.random.Generator) -> list[Actor]:
    """One leaves by the edge; half a second later another comes in there; the first comes back
    elsewhere three seconds later.
    """
    y = _LINE + rng.uniform(-5, 5)
    leaves = _actor(people, start, [(0, 780, y, 84), (1.5, 900, y, 84), (2.2, 1030, y, 84)])
    enters = _actor(
        people, start, [(2.3, 1030, _LINE, 80), (3.2, 890, _LINE, 80), (8, 820, 230, 80)]
    )
    path = np.array([(5, -60, 250, 84), (6.5, 120, 250, 84), (8, 240, 250, 84)], np.float32)
    path[:, 0] += start
    return [leaves, enters, Actor(leaves.name, leaves.portraits[::-1], path)]


def swapped(start: float, people: People, rng: np.random.Generator) -> list[Actor]:
    """One goes behind a pillar and stays there; another comes out of it; then the first does."""
    y = _LINE + rng.uniform(-5, 5)
    return [
        _actor(
            people, start, [(0, 190, y, 56), (1.6, 343, y, 56), (5, 343, y, 56), (7.5, 560, y, 56)]
        ),
        _actor(
            people, start, [(0, 343, y, 50), (2, 343, y, 50), (4, 480, y, 50), (7.5, 600, 180, 54)]
        ),
    ]


def run_through(start: float, people: People, rng: np.random.Generator) -> list[Actor]:
    """One runs past two who stand and talk."""
    y = _LINE + rng.uniform(-5, 5)
    return [
        _actor(people, start, [(0, 440, _LINE, 66), (6, 446, _LINE, 68)]),
        _actor(people, start, [(0, 545, _LINE + 8, 70), (6, 540, _LINE + 8, 70)], (4, 4.8)),
        _actor(people, start, [(1, 1010, y, 76), (3.4, -50, y, 76)]),
        _actor(people, start, [(3.6, -50, 190, 60), (6, 1010, 190, 60)]),
    ]


def crowd(start: float, people: People, rng: np.random.Generator) -> list[Actor]:
    """Seven wander at once, in front of and behind one another."""
    made = []
    for _ in range(7):
        size, times = rng.uniform(44, 92), np.arange(0, 13, 2.0)
        xs = rng.uniform(70, WIDTH - 70, len(times))
        xs[1:] = np.clip(xs[1:], xs[:-1] - 300, xs[:-1] + 300)
        ys = 170 + size + rng.uniform(-15, 15, len(times))
        steps = [(t, x, y, size) for t, x, y in zip(times, xs, ys, strict=True)]
        made.append(_actor(people, start, steps, *_glance(rng)))
    return made


def approach(start: float, people: People, rng: np.random.Generator) -> list[Actor]:
    """Three come nearer and pass one another's line of sight."""
    shift = rng.uniform(-20, 20)
    return [
        _actor(people, start, [(0, 300, 150, 36), (7, 560 + shift, 260, 130)]),
        _actor(people, start, [(0, 500, 150, 36), (7, 330, 250, 110)]),
        _actor(people, start, [(0, 640, 150, 40), (7, 760, 230, 96)], (2, 3)),
    ]


def _glance(rng: np.random.Generator) -> list[tuple[float, float]]:
    """A second of looking away, for every other."""
    begin = rng.uniform(2, 9)
    return [(begin, begin + rng.uniform(0.6, 1.4))] if rng.random() < 0.5 else []


ACTS: dict[str, tuple[Act, float]] = {
    "cross": (cross, 6),
    "hide": (hide, 8),
    "turn_away": (turn_away, 7),
    "replaced": (replaced, 8),
    "swapped": (swapped, 7.5),
    "run_through": (run_through, 6),
    "crowd": (crowd, 12),
    "approach": (approach, 7),
}
"""Each act and its length in seconds."""


def staged(names: Sequence[str], people: People, seed: int) -> Scene:
    """The acts one after another, a second apart."""
    rng, start, actors = np.random.default_rng(seed), 0.0, list[Actor]()
    for name in names:
        act, length = ACTS[name]
        actors += act(start, people, rng)
        start += length + 1
    return Scene(actors, seed)
