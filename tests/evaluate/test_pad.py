"""PAD rates, worked by hand and against plain loops."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.datasets.records import BONA_FIDE, Dataset, PadSet, Picture, Presentation
from visavis.errors import InputError
from visavis.evaluate.pad import Presented, acer, evaluate_pad, present, rates, read_scores
from visavis.image import save
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.testing import FakeDetector, FakeLiveness, fake_photo
from visavis.types import Face, Image, Liveness

NAN = float("nan")


def presented(groups: dict[str, list[float]], subjects: tuple[str, ...] = ()) -> Presented:
    species = tuple(s for s, scores in groups.items() for _ in scores)
    scores = np.array([x for row in groups.values() for x in row], np.float32)
    return Presented(scores, species, subjects)


@pytest.fixture
def example() -> Presented:
    return presented(
        {
            "print": [0.1] * 7 + [0.4, 0.6, 0.7],
            "replay": [0.1, 0.2, 0.3, 0.8, 0.9, NAN],
            BONA_FIDE: [0.2, 0.4, 0.55, 0.65, 0.75, 0.85, 0.95, 0.95, 0.99, 0.99, NAN, NAN],
        }
    )


def test_by_hand(example: Presented) -> None:
    # at 0.5: print 2 of 10 accepted = 20 %; replay 2 of 5 with a response = 40 %, the worst;
    # bona fide 2 of 10 with a response rejected = 20 %; APNRR replay 1/6, BPNRR 2/12
    found = rates(example, 0.5)
    prints, replay = found.attacks
    assert (prints.error.events, prints.error.trials) == (2, 10)
    assert (replay.error.events, replay.error.trials) == (2, 5)
    assert found.worst is replay
    assert found.apcer.value == pytest.approx(0.4)
    assert (found.bpcer.events, found.bpcer.trials) == (2, 10)
    assert (replay.non_response.events, replay.non_response.trials) == (1, 6)
    assert prints.non_response.events == 0
    assert (found.bona_fide.non_response.events, found.bona_fide.non_response.trials) == (2, 12)
    assert acer(found) == pytest.approx((0.4 + 0.2) / 2)
    assert found.apcer.low < 0.4 < found.apcer.high


def test_operating_points_by_hand(example: Presented) -> None:
    # APCER 10 %: one print may pass (threshold just above 0.6) and no replay (just above 0.9):
    # the stricter holds: bona fide below: 0.2 0.4 0.55 0.65 0.75 0.85 = 6/10. 5 % and 1 %: no
    # print and no replay may pass: just above 0.9 again.
    found = rates(example, 0.5)
    assert [p.name for p in found.points] == ["BPCER10", "BPCER20", "BPCER100"]
    for point in found.points:
        assert point.threshold == pytest.approx(0.9)
        assert point.threshold > np.float32(0.9)
        assert (point.bpcer.events, point.bpcer.trials) == (6, 10)
        assert point.apcer.events == 0


def test_bpcer20_where_one_of_twenty_may_pass() -> None:
    # 20 prints: at 5 % one may pass, so the threshold lies above the second highest, 0.7
    found = rates(
        presented({"print": [0.1] * 18 + [0.7, 0.9], BONA_FIDE: [0.6, 0.7, 0.8, 0.95]}), 0.5
    )
    ten, twenty, hundred = found.points
    assert ten.bpcer.events == 0  # above 0.1
    assert (twenty.bpcer.events, twenty.apcer.events, twenty.apcer.trials) == (2, 1, 20)
    assert (hundred.bpcer.events, hundred.apcer.events) == (3, 0)


def test_a_score_at_the_threshold_is_live() -> None:
    found = rates(presented({"print": [0.7, 0.1], BONA_FIDE: [0.7]}), 0.7)
    assert found.apcer.events == 1
    assert found.bpcer.events == 0


shares = st.lists(st.integers(0, 20).map(lambda i: i / 20), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(shares, shares, shares, st.integers(0, 20).map(lambda i: i / 20))
def test_as_plain_loops(
    prints: list[float], replays: list[float], live: list[float], threshold: float
) -> None:
    found = rates(presented({"print": prints, "replay": replays, BONA_FIDE: live}), threshold)
    tried = [sum(x >= threshold for x in xs) / len(xs) for xs in (prints, replays)]
    assert found.apcer.value == pytest.approx(max(tried))
    assert found.bpcer.value == pytest.approx(sum(x < threshold for x in live) / len(live))
    for point in found.points:
        # the best BPCER of all thresholds that hold the limit, tried one by one
        possible = []
        for t in [*prints, *replays, *live, 2.0]:
            for at in (t, t + 1e-6):
                if all(
                    sum(x >= at for x in xs) <= point.limit * len(xs) + 1e-9
                    for xs in (prints, replays)
                ):
                    possible.append(sum(x < at for x in live) / len(live))
        assert point.bpcer.value == pytest.approx(min(possible))
        assert point.apcer.value <= point.limit + 1e-9


def test_det_curves_fall_and_rise(example: Presented) -> None:
    prints, replay = rates(example, 0.5).dets
    assert (np.diff(prints.curve.fmr) <= 0).all()
    assert (np.diff(prints.curve.fnmr) >= 0).all()
    # replay: 2 of 5 above 0.75; bona fide below 0.55..0.75: at 0.75 APCER 0.4 and BPCER 0.4
    assert replay.eer == pytest.approx(0.4)


def test_subjects_widen_the_interval() -> None:
    # five subjects of 20 equal frames each: two of them always pass
    subjects = tuple(f"s{i // 20}" for i in range(100)) * 2
    attack = [0.9] * 40 + [0.1] * 60
    found = rates(presented({"print": attack, BONA_FIDE: [0.9] * 100}, subjects), 0.5)
    [prints] = found.attacks
    assert prints.by_subject is not None
    assert prints.by_subject.value == prints.error.value == pytest.approx(0.4)
    assert prints.by_subject.low < prints.error.low
    assert prints.by_subject.high > prints.error.high
    assert found.bona_fide.by_subject is not None
    assert found.bona_fide.by_subject.high > 0.4  # no error among 5 people, not among 100 trials


def test_one_subject_has_no_interval() -> None:
    found = rates(presented({"print": [0.1], BONA_FIDE: [0.9]}, ("a", "a")), 0.5)
    assert found.bona_fide.by_subject is None


@pytest.mark.parametrize(
    "groups",
    [{BONA_FIDE: [0.5]}, {"print": [0.5]}, {"print": [NAN], BONA_FIDE: [0.5]}],
)
def test_without_responses_there_is_no_rate(groups: dict[str, list[float]]) -> None:
    with pytest.raises(InputError, match="responses"):
        rates(presented(groups), 0.5)


def test_scores_that_do_not_fit() -> None:
    with pytest.raises(InputError, match="2 scores"):
        Presented(np.zeros(3, np.float32), ("print", BONA_FIDE))
    with pytest.raises(InputError, match="finite"):
        Presented(np.array([np.inf], np.float32), ("print",))


@pytest.fixture
def pad(tmp_path: Path) -> PadSet:
    """Two live pictures and two prints; one print shows no face."""
    rows = [("a.png", BONA_FIDE), ("b.png", BONA_FIDE), ("c.png", "print"), ("d.png", "print")]
    shown = []
    for name, species in rows:
        people = () if name == "d.png" else (name,)
        save(fake_photo(*people), tmp_path / name)
        shown.append(Presentation(Picture(tmp_path / name, name), species))
    data = Dataset("toy", tmp_path, tuple(p.picture for p in shown))
    return PadSet(data, tuple(shown))


def test_a_check_over_a_set(pad: PadSet) -> None:
    steps: list[tuple[int, int]] = []
    found = evaluate_pad(
        FakeDetector(), FakeLiveness(0.8), pad, progress=lambda *step: steps.append(step)
    )
    assert found.threshold == 0.5  # the check's own
    assert (found.apcer.events, found.apcer.trials) == (1, 1)
    assert (found.attacks[0].non_response.events, found.attacks[0].non_response.trials) == (1, 2)
    assert found.bpcer.events == 0
    assert steps[-1] == (4, 4)
    strict = evaluate_pad(FakeDetector(), FakeLiveness(0.8), pad, threshold=0.9)
    assert strict.apcer.events == 0
    assert strict.bpcer.events == 2
    target = LiveTarget(threshold=0.9)
    assert evaluate_pad(FakeDetector(), FakeLiveness(0.8), pad, target=target).threshold == 0.9


def test_why_there_was_no_response(pad: PadSet) -> None:
    shown, thresholds = present(FakeDetector(), FakeLiveness(0.8, 0.3), pad)
    assert dict(shown.errors) == {"d.png": "no_face"}
    assert thresholds == {0.3}
    assert np.isnan(shown.scores).tolist() == [False, False, False, True]


def test_a_check_of_two_minds_needs_a_threshold(pad: PadSet) -> None:
    class Wavering:
        def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
            return Liveness(0.5, float(image.mean()) / 255)

    with pytest.raises(InputError, match="one threshold"):
        evaluate_pad(FakeDetector(), Wavering(), pad)


def test_scores_from_a_file(pad: PadSet, tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    file.write_text("file,score\nd.png,\na.png,0.9\nb.png,0.2\nc.png,0.4\n")
    shown = read_scores(file, pad)
    assert shown.scores[:3].tolist() == pytest.approx([0.9, 0.2, 0.4])
    assert np.isnan(shown.scores[3])
    assert shown.species == (BONA_FIDE, BONA_FIDE, "print", "print")
    assert rates(shown, 0.5).bpcer.events == 1


@pytest.mark.parametrize(
    "text",
    [
        "name,score\na.png,1\n",
        "file,score\na.png,1\n",
        "file,score\na.png,1\nb.png,1\nc.png,1\nd.png,1\ne.png,1\n",
        "file,score\na.png,1\na.png,0\nb.png,1\nc.png,1\nd.png,1\n",
        "file,score\na.png,yes\nb.png,1\nc.png,1\nd.png,1\n",
    ],
)
def test_a_file_that_does_not_fit(text: str, pad: PadSet, tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(text)
    with pytest.raises(InputError, match="expected"):
        read_scores(file, pad)
