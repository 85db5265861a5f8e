import numpy as np
import pytest

from visavis.errors import ConfigError, InputError, ModelMismatch
from visavis.types import Embedding, Face, Liveness, Quality, Sample
from visavis.video.looks import Look, LookRules, Looks

MARKS = [[10, 10], [20, 10], [15, 15], [11, 20], [19, 20]]


def quality(score: float = 0.5) -> Quality:
    return Quality(score, 40, 0.5, 0.5, 0.2, 0, 0, 0, 0)


def look(
    at: float,
    score: float = 0.5,
    vector: tuple[float, ...] = (1, 0, 0),
    live: Liveness | None = None,
    model: str = "m",
) -> Look:
    face = Face((at, 0, at + 10, 10), MARKS, 0.9)
    return Look(at, Sample(face, Embedding.of(vector, model), quality(score), live))


def filled(*looks: Look, rules: LookRules | None = None) -> Looks:
    made = Looks(rules)
    for one in looks:
        made.add(one)
    return made


def test_the_first_frame_earns_a_look_whatever_its_quality() -> None:
    assert Looks().due(quality(0.0), 0.0)


def test_looks_keep_a_distance_in_time() -> None:
    looks = filled(look(1.0), rules=LookRules(spacing=0.3))
    assert not looks.due(quality(), 1.29)
    assert looks.due(quality(), 1.31)


def test_a_full_set_asks_for_better_quality_or_for_time_to_pass() -> None:
    rules = LookRules(most=2, spacing=0.1, gain=0.1, again=2.0)
    looks = filled(look(0.0, 0.5), look(0.2, 0.6), rules=rules)
    assert not looks.due(quality(0.59), 1.0)
    assert looks.due(quality(0.61), 1.0)
    assert looks.due(quality(0.1), 2.3)


def test_the_worst_look_makes_room() -> None:
    looks = filled(*(look(i / 2, s) for i, s in enumerate((0.3, 0.9, 0.5))), rules=LookRules(2))
    assert len(looks) == 2
    assert looks.best.sample.quality.score == 0.9
    assert not looks.due(quality(0.54), 1.5)


def test_vectors_are_joined_by_quality() -> None:
    looks = filled(look(0.0, 0.9, (1, 0, 0)), look(0.5, 0.3, (0.6, 0.8, 0)))
    expected = 0.9 * np.array([1, 0, 0]) + 0.3 * np.array([0.6, 0.8, 0])
    expected /= np.linalg.norm(expected)
    assert np.allclose(looks.embedding.vector, expected, atol=1e-6)


def test_the_sample_has_the_best_quality_and_the_face_as_it_is_now() -> None:
    now = Face((50, 0, 60, 10), MARKS, 0.8)
    looks = filled(look(0.0, 0.4), look(0.5, 0.8), look(1.0, 0.6))
    assert looks.sample(now).face is now
    assert looks.sample().face.box[0] == 0.5
    assert looks.sample().quality.score == 0.8


def test_liveness_is_the_median_of_those_that_tell() -> None:
    given = (0.9, None, 0.2, 0.7)
    looks = filled(*(look(i / 2, live=Liveness(s, 0.5)) for i, s in enumerate(given)))
    found = looks.sample().liveness
    assert found is not None
    assert found.score == 0.7


def test_where_no_look_can_tell_that_is_the_answer() -> None:
    silent = Liveness(None, 0.5, reasons=("x:face_too_small",))
    assert filled(look(0.0, live=silent)).sample().liveness is silent
    assert filled(look(0.0)).sample().liveness is None


def test_one_strange_look_is_an_accident() -> None:
    looks = filled(look(0.0))
    assert looks.add(look(1.0, vector=(0, 1, 0)))
    assert len(looks) == 1
    assert looks.due(quality(0.0), 1.5)  # looked at again soon, to be sure
    assert looks.add(look(1.3))
    assert looks.add(look(1.6, vector=(0, 1, 0)))
    assert len(looks) == 2


def test_two_strange_looks_that_agree_are_another_person() -> None:
    looks = filled(look(0.0), look(0.4))
    assert looks.add(look(1.0, vector=(0, 1, 0)))
    assert not looks.add(look(1.4, vector=(0, 1, 0.1)))
    assert len(looks) == 2
    assert looks.embedding.vector[1] > 0.9


def test_two_strange_looks_that_differ_are_two_accidents() -> None:
    looks = filled(look(0.0))
    assert looks.add(look(1.0, vector=(0, 1, 0)))
    assert looks.add(look(1.4, vector=(0, 0, 1)))
    assert len(looks) == 1


def test_no_look_has_no_sample() -> None:
    with pytest.raises(InputError, match="one look or more"):
        Looks().sample()


def test_vectors_of_two_models_do_not_mix() -> None:
    with pytest.raises(ModelMismatch):
        filled(look(0.0), look(1.0, model="n"))


@pytest.mark.parametrize("bad", [{"most": 0}, {"spacing": -1.0}, {"again": -0.1}, {"gain": -1.0}])
def test_rules_are_checked(bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="1 look or more"):
        LookRules(**bad)  # type: ignore[arg-type]
