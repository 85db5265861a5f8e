from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.plays import Actor, Place, Play, Portrait
from visavis.evaluate.streams.cast import Cast, Desk, Role, choose_cast
from visavis.evaluate.streams.conditions import Change, change
from visavis.evaluate.streams.trial import Fate, Rig, play, watch
from visavis.gallery.sighting import Kind, Sighted
from visavis.video.frames import Frame
from visavis.video.watch import View
from vivid import LENIENT, vivid_pipeline, vivid_set

PLACE = Place(200, 400)
GREY = np.full((200, 400, 3), 110, np.uint8)


@pytest.fixture
def cast(tmp_path: Path) -> Cast:
    pipeline, _ = vivid_pipeline()
    return choose_cast(pipeline, vivid_set(tmp_path), people=2, enrolled=4)


@pytest.fixture
def rig(cast: Cast) -> Rig:
    pipeline, eyes = vivid_pipeline()
    return Rig(pipeline, eyes, Desk(cast.names, cast.templates, pipeline, LENIENT))


def actor(role: Role, *steps: tuple[float, float]) -> Actor:
    """Shown by one photo, along steps of (seconds, x)."""
    path = np.array([(at, x, 80, 50) for at, x in steps], np.float32)
    shot = role.shots[0]
    return Actor(role.name, [Portrait(shot.image, shot.face.box)], path)


def fates(rig: Rig, *cast: tuple[Role, Actor], done: Change | None = None) -> dict[str, Fate]:
    done = done or Change()
    scene = Play([a for _, a in cast], PLACE, wall=GREY, light=done.light)
    return play(rig, scene, [role for role, _ in cast], done)


def test_the_enrolled_are_named_and_strangers_are_not(rig: Rig, cast: Cast) -> None:
    known, stranger = cast.known[0], cast.strangers[0]
    found = fates(
        rig,
        (known, actor(known, (0, 100), (3, 110))),
        (stranger, actor(stranger, (0, 300), (3, 290))),
    )
    named = found[known.name]
    assert named.named_after is not None
    assert 0 < named.named_after < 2
    assert (named.wrong, named.unseen, named.lost, named.switches) == (False, False, 0, 0)
    assert named.shown > 3
    strange = found[stranger.name]
    assert (strange.named_after, strange.wrong, strange.unseen) == (None, False, False)


def test_a_face_of_another_name_is_wrongly_named(rig: Rig, cast: Cast) -> None:
    first, second = cast.known
    posing = Role(first.name, second.shots, True)
    found = fates(rig, (posing, actor(posing, (0, 100), (3, 110))))[first.name]
    assert found.wrong
    assert found.named_after is None


def test_who_cannot_be_found_is_lost(rig: Rig, cast: Cast) -> None:
    known = cast.known[0]
    night = change("dark", 8)
    found = fates(rig, (known, actor(known, (0, 100), (3, 110))), done=night)[known.name]
    assert found.unseen
    assert found.lost == found.shown > 0
    assert found.named_after is None


def test_boxes_are_sought_where_a_tilted_camera_shows_them(rig: Rig, cast: Cast) -> None:
    known = cast.known[0]
    there = (known, actor(known, (0, 80), (3, 90)))
    found = fates(rig, there, done=change("tilted camera", 20))[known.name]
    assert found.named_after is not None
    assert found.lost == 0


def test_a_change_of_tracks_is_a_switch() -> None:
    fate = Fate(True)
    for track in (1, 1, 2, 2, 1):
        fate.held(track)
    assert fate.switches == 2
    assert not fate.unseen


def test_frames_that_nobody_looks_at_are_not_made(rig: Rig) -> None:
    made = list[int]()

    def shot(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        made.append(number)
        return GREY

    sought = list[int]()

    def told(frame: Frame, view: View, events: object) -> None:
        sought.append(frame.number)

    watch(rig, 60, shot, told)
    assert made == sought
    assert made[0] == 0
    assert len(made) < 20


def test_events_come_with_the_frame_that_made_them_certain(rig: Rig, cast: Cast) -> None:
    known = cast.known[0]
    scene = Play([actor(known, (0, 100), (3, 100))], PLACE, wall=GREY)
    events = list[Sighted]()
    watch(rig, len(scene), lambda n: scene.frame(n)[0], lambda _, __, new: events.extend(new))
    assert [e.kind for e in events] == [Kind.ENTERED, Kind.IDENTIFIED]
    assert events[-1].subject == known.name


def test_a_run_comes_out_the_same_each_time(rig: Rig, cast: Cast) -> None:
    known = cast.known[0]
    there = (known, actor(known, (0, 100), (1, 200), (3, 110)))
    assert fates(rig, there) == fates(rig, there)
