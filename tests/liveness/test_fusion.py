from itertools import combinations

import numpy as np
import pytest

from visavis.errors import ConfigError, ModelError, NotMeasured
from visavis.liveness.fusion import Fused
from visavis.targets import Combination, FusionTable, LivenessTable, LiveTarget, subsets
from visavis.testing import FakeDetector, FakeLooker, fake_photo
from visavis.types import Liveness

PHOTO = fake_photo("ada")
[FACE] = FakeDetector().detect(PHOTO)
SUBSETS = subsets(["ours", "theirs"])


def table_at(threshold: float) -> LivenessTable:
    """BPCER 5 % at the threshold, APCER 1 % at a higher one."""
    return LivenessTable(((threshold, 0.05, 0.3), (threshold + 0.2, 0.2, 0.01)), "own", "own")


# Alone each network is taken as it is; together the second counts half. Thresholds 0.5, 0.6, 0.7.
TABLE = FusionTable(
    (
        Combination(("ours",), (1.0,), 0.0, table_at(0.5)),
        Combination(("theirs",), (1.0,), 0.0, table_at(0.6)),
        Combination(("ours", "theirs"), (1.0, 0.5), -1.0, table_at(0.7)),
    )
)


def looked(*lookers: FakeLooker, target: LiveTarget | None = None) -> Liveness:
    return Fused(lookers, TABLE).check(PHOTO, FACE, target or LiveTarget())


def sigmoid(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))


def test_networks_that_can_tell_are_joined() -> None:
    found = looked(FakeLooker("ours", 2.0, "print"), FakeLooker("theirs", 3.0))
    assert found.score == pytest.approx(sigmoid(1.0 * 2 + 0.5 * 3 - 1))
    assert (found.threshold, found.live) == (0.7, True)
    assert (found.species, found.reasons) == (None, ())
    assert found.checks == (
        ("ours", pytest.approx(sigmoid(2))),
        ("theirs", pytest.approx(sigmoid(3))),
    )


def test_of_networks_that_cannot_tell_the_others_decide_by_their_own_rates() -> None:
    silent = FakeLooker("theirs", None, reasons=("face_too_small", "face_cut_off"))
    found = looked(FakeLooker("ours", 0.2), silent)
    assert (found.score, found.threshold) == (pytest.approx(sigmoid(0.2)), 0.5)
    assert found.live
    assert found.reasons == ("theirs:face_too_small", "theirs:face_cut_off")
    assert found.checks == (("ours", pytest.approx(sigmoid(0.2))), ("theirs", None))


def test_where_none_can_tell_there_is_no_score_and_the_face_is_not_live() -> None:
    found = looked(*(FakeLooker(n, None, "print", ("blind",)) for n in ("ours", "theirs")))
    assert (found.score, found.live, found.species, found.threshold) == (None, False, None, 0.7)
    assert found.reasons == ("ours:blind", "theirs:blind")


def test_a_refused_face_is_named_by_the_surest_network_that_names_one() -> None:
    found = looked(FakeLooker("ours", -1.0, "screen"), FakeLooker("theirs", -2.0, "print"))
    assert (found.live, found.species, found.reasons) == (False, "print", ("looks_like_print",))
    mute = looked(FakeLooker("ours", -1.0, "screen"), FakeLooker("theirs", -2.0))
    assert mute.species == "screen"
    assert looked(FakeLooker("ours", -1.0)).reasons == ()


def test_the_target_moves_the_threshold() -> None:
    looker = FakeLooker("ours", 0.5)
    assert looked(looker).live  # 0.62 of 0.5
    assert not looked(looker, target=LiveTarget(apcer=0.01)).live  # 0.62 of 0.7
    assert looked(looker, target=LiveTarget(threshold=0.62)).threshold == 0.62
    with pytest.raises(NotMeasured):
        looked(looker, target=LiveTarget(bpcer=0.01))


@pytest.mark.parametrize("missing", SUBSETS)
def test_a_table_that_lacks_a_set_of_checks_is_refused_at_once(missing: tuple[str, ...]) -> None:
    rest = FusionTable(tuple(c for c in TABLE.combinations if c.checks != missing))
    with pytest.raises(ConfigError, match="no liveness table for"):
        Fused([FakeLooker("ours"), FakeLooker("theirs")], rest)


@pytest.mark.parametrize("names", [[], ["ours", "ours"]])
def test_checks_are_named_once(names: list[str]) -> None:
    with pytest.raises(ConfigError, match="each once"):
        Fused([FakeLooker(n) for n in names], TABLE)


@pytest.mark.parametrize("logit", [float("nan"), float("inf")])
def test_a_network_that_gives_no_number_is_a_defect(logit: float) -> None:
    with pytest.raises(ModelError, match="finite logit of ours"):
        looked(FakeLooker("ours", logit))


def test_the_order_of_the_networks_does_not_matter() -> None:
    a, b = FakeLooker("ours", 1.3, "print"), FakeLooker("theirs", -2.1, "screen")
    one, two = looked(a, b), looked(b, a)
    assert (one.score, one.threshold, one.species) == (two.score, two.threshold, two.species)
    assert sorted(one.checks) == sorted(two.checks)


def test_all_networks_of_a_larger_set_are_needed() -> None:
    names = ["a", "b", "c"]
    all_sets = [s for size in (1, 2, 3) for s in combinations(names, size)]
    table = FusionTable(
        tuple(Combination(s, (1.0,) * len(s), 0.0, table_at(0.5)) for s in all_sets)
    )
    fused = Fused([FakeLooker(n, 1.0) for n in names], table)
    assert fused.check(PHOTO, FACE).score == pytest.approx(sigmoid(3.0))


def by_face_table() -> FusionTable:
    """As TABLE, and ours by the face alone: half the logit, threshold 0.9."""
    return FusionTable(
        (*TABLE.combinations, Combination(("ours:face",), (0.5,), 0.0, table_at(0.9)))
    )


def test_a_judgement_by_the_face_alone_has_rates_of_its_own() -> None:
    ours = FakeLooker("ours", 4.0, reasons=("face_alone",), face_alone=True)
    found = Fused([ours], by_face_table()).check(PHOTO, FACE)
    assert (found.score, found.threshold) == (pytest.approx(sigmoid(2)), 0.9)
    assert not found.live
    assert found.reasons == ("ours:face_alone",)
    assert found.checks == (("ours", pytest.approx(sigmoid(2))),)


def test_a_judgement_by_the_face_alone_gives_way_to_one_that_saw_more() -> None:
    ours = FakeLooker("ours", -9.0, "print", face_alone=True)
    found = Fused([ours, FakeLooker("theirs", 3.0)], by_face_table()).check(PHOTO, FACE)
    assert (found.score, found.threshold) == (pytest.approx(sigmoid(3)), 0.6)
    assert found.live
    assert dict(found.checks)["ours"] == pytest.approx(sigmoid(-4.5))


def test_a_table_without_rates_by_the_face_alone_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="ours:face"):
        Fused([FakeLooker("ours", face_alone=True)], TABLE)
