from pathlib import Path

import numpy as np
import pytest

from visavis.evaluate.streams.cast import Cast, choose_cast
from visavis.evaluate.streams.conditions import SIZE, Change, change
from visavis.evaluate.streams.staging import PLACE, SECONDS, groups, staged
from vivid import vivid_pipeline, vivid_set


@pytest.fixture
def cast(tmp_path: Path) -> Cast:
    pipeline, _ = vivid_pipeline()
    return choose_cast(pipeline, vivid_set(tmp_path), people=3, enrolled=4)


def test_everybody_enrolled_appears_once_with_a_stranger(cast: Cast) -> None:
    found = groups(cast)
    assert [r.name for g in found for r in g.roles if r.enrolled] == [r.name for r in cast.known]
    for group in found:
        assert not group.roles[-1].enrolled
        assert group.passer not in group.roles


def test_people_stand_side_by_side_in_plain_view(cast: Cast) -> None:
    scene, roles = staged(groups(cast)[0], "", Change(), 0)
    image, truths = scene.frame(30)
    assert image.shape == (PLACE.height, PLACE.width, 3)
    assert {t.name for t in truths} == {r.name for r in roles}
    assert all(t.visible == 1 for t in truths)
    assert all(abs(t.box[2] - t.box[0] - SIZE) < 0.01 for t in truths)
    assert scene.seconds == SECONDS


def test_only_the_strain_differs(cast: Cast) -> None:
    group = groups(cast)[0]
    plain, lit, again, other = (
        staged(group, "", Change(), 0)[0],
        staged(group, "dark", change("dark", 2), 0)[0],
        staged(group, "", Change(), 0)[0],
        staged(group, "", Change(), 1)[0],
    )
    assert [t.box.tolist() for t in plain.frame(9)[1]] == [t.box.tolist() for t in lit.frame(9)[1]]
    assert np.array_equal(plain.frame(9)[0], again.frame(9)[0])
    assert not np.array_equal(plain.frame(9)[0], other.frame(9)[0])
    assert lit.frame(9)[0].mean() < 0.8 * plain.frame(9)[0].mean()


def test_somebody_walks_past_in_front(cast: Cast) -> None:
    group = groups(cast)[0]
    scene, roles = staged(group, "somebody in front", change("somebody in front", 4), 0)
    assert roles[-1] is group.passer
    assert scene.seconds > SECONDS
    seen = [{t.name: t.visible for t in scene.frame(n)[1]} for n in range(0, len(scene), 4)]
    standing = [r.name for r in group.roles]
    assert all(min(frame[name] for frame in seen) < 0.4 for name in standing)
    assert max(frame.get(group.passer.name, 0) for frame in seen) == 1
