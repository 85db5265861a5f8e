from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acting import Actor, challenge, flat, spliced, steps
from visavis.errors import ModelMismatch
from visavis.liveness.attempt import Attempt
from visavis.liveness.challenge import Action
from visavis.liveness.movement import Rules
from visavis.liveness.track import Observation
from visavis.liveness.verdict import Verdict
from visavis.types import Embedding, Face, Liveness, Quality

ADA = Actor()


def judged(
    frames: list[Observation], text: str = "LRCL", hold: float = 0.3, mirrored: bool = False
) -> Verdict:
    attempt = Attempt(challenge(text, hold), mirrored=mirrored)
    attempt.see_all(frames)
    return attempt.verdict(ADA.vector(), 0.4)


class TestGenuine:
    @settings(max_examples=40)
    @given(
        text=st.text("LRC", min_size=1, max_size=5),
        fps=st.sampled_from([5.0, 8.0, 12.0, 25.0, 30.0]),
        bias=st.tuples(st.floats(-12, 12), st.floats(-15, 15)),
        scale=st.floats(26, 300),
        mirrored=st.booleans(),
        hold=st.sampled_from([0.3, 0.6, 1.2]),
        seed=st.integers(0, 99),
    )
    def test_passes_at_any_rate_size_and_bias(
        self,
        text: str,
        fps: float,
        bias: tuple[float, float],
        scale: float,
        mirrored: bool,
        hold: float,
        seed: int,
    ) -> None:
        actor = Actor(1, fps, bias, scale, mirrored, noise=scale / 100, seed=seed)
        verdict = judged(actor.perform(steps(text, hold)), text, hold, mirrored)
        assert verdict.reasons == ()
        assert verdict.done == len(text)
        assert verdict.liveness.live

    def test_drops_and_short_gaps_are_tolerated(self) -> None:
        frames = Actor(fps=25).perform(steps("LRCL"))
        rng = np.random.default_rng(3)
        kept = [o for o in frames if rng.random() > 0.4]
        gap = [o for o in kept if not 0 < o.at - kept[0].at - 3 < 0.4]
        assert judged(gap).passed

    def test_frames_without_embedding_or_twice_the_same_do_not_count_but_do_no_harm(self) -> None:
        frames = Actor(fps=25).perform(steps("LRCL"))
        bare = [replace(o, embedding=None) if i % 3 == 0 else o for i, o in enumerate(frames)]
        again = [x for o in bare for x in (o, replace(o, at=o.at + 0.01))]
        assert judged(again).passed

    def test_one_odd_frame_is_left_out(self) -> None:
        frames = ADA.perform(steps("LRCL"))
        other = Actor(2).perform(steps("LRCL"))
        frames[30] = other[30]
        assert judged(frames).passed

    def test_a_mirrored_preview_must_be_declared(self) -> None:
        frames = Actor(mirrored=True).perform(steps("LRCL"))
        assert judged(frames).reasons == ("wrong_step",)
        assert judged(frames, mirrored=True).passed

    def test_left_is_the_persons_own(self) -> None:
        # Yaw is positive to image-right, which is the left of a person who faces the camera.
        frames = ADA.perform(steps("L"))
        assert max(o.pose[0] for o in frames) > 25
        assert judged(frames, "L").passed

    @pytest.mark.parametrize("text", ["UDL", "DUC"])
    def test_nodding_counts_where_it_is_asked(self, text: str) -> None:
        assert judged(ADA.perform(steps(text)), text).passed
        assert judged(ADA.perform(steps(text)), text[::-1]).reasons == ("wrong_step",)


class TestProgress:
    def test_prompts_in_order(self) -> None:
        attempt = Attempt(challenge("LC"))
        assert attempt.progress.phase == "settle"
        told = [attempt.see(o) for o in ADA.perform(steps("LC"))]
        phases = [p.phase for p in told]
        order = [p for i, p in enumerate(phases) if i == 0 or phases[i - 1] != p]
        assert order == ["settle", "do", "hold", "back", "do", "hold", "back", "done"]
        assert [p.step.action for p in told if p.phase == "hold" and p.step] == (
            [Action.LEFT] * phases[: phases.index("back")].count("hold")
            + [Action.CLOSER] * phases[phases.index("back") :].count("hold")
        )
        assert (told[-1].step, told[-1].done, told[-1].of) == (None, 2, 2)

    def test_after_the_end_nothing_changes(self) -> None:
        attempt = Attempt(challenge("L"))
        end = attempt.see_all(ADA.perform(steps("R")))
        assert (end.phase, end.reason) == ("refused", "wrong_step")
        assert attempt.see_all(ADA.perform(steps("L"))) == end


class TestRefused:
    @settings(max_examples=20)
    @given(st.permutations("LRC"), st.permutations("LRC"))
    def test_another_order(self, shown: list[str], asked: list[str]) -> None:
        verdict = judged(ADA.perform(steps("".join(shown))), "".join(asked))
        assert verdict.passed == (shown == asked)
        assert verdict.passed or verdict.reasons == ("wrong_step",)

    def test_shorter_holds_than_asked(self) -> None:
        frames = replace(ADA, stay=0.2).perform(steps("LR", 0.3))
        assert judged(frames, "LR", 1.2).reasons == ("hold_too_short",)

    @pytest.mark.parametrize("at", [15, 30, 45, 60])
    def test_a_swap_of_faces_on_the_way(self, at: int) -> None:
        own, other = (Actor(p).perform(steps("LRCL")) for p in (1, 2))
        verdict = judged(own[:at] + other[at:])
        assert verdict.reasons == ("another_person",)

    def test_a_swap_within_the_first_look_ahead(self) -> None:
        own, other = (Actor(p).perform(steps("LRCL")) for p in (1, 2))
        verdict = judged(other[:3] + own[3:])
        assert verdict.reasons == ("cut",)

    def test_the_template_shows_another_person(self) -> None:
        verdict = judged(Actor(2).perform(steps("LRCL")))
        assert verdict.reasons == ("no_match",)
        assert verdict.match is not None
        assert verdict.match < 0.4

    def test_a_jump_of_the_box(self) -> None:
        frames = Actor(fps=25).perform(steps("LRCL"))
        moved = [replace(o, face=Face(o.face.box + 90, o.face.landmarks + 90, 0.9)) for o in frames]
        assert judged(frames[:60] + moved[60:]).reasons == ("cut",)

    def test_stills_shown_in_turn(self) -> None:
        """Looking ahead and turned, with nothing between, as from two photographs."""
        actor = replace(ADA, fps=25.0, move=0.001)
        assert judged(actor.perform(steps("LRCL"))).reasons == ("cut",)

    def test_a_loop(self) -> None:
        frames = ADA.perform(steps("L"))
        looped = spliced(frames, frames, frames)
        assert judged(looped, "LLL").reasons == ("repeated_frame",)
        fresh = [replace(ADA, seed=i).perform(steps("L")) for i in range(3)]
        assert judged(spliced(*fresh), "LLL").passed

    @pytest.mark.parametrize("distance", [4.0, 8.0, 20.0])
    def test_a_flat_picture_turned_by_hand(self, distance: float) -> None:
        """Eyes, nose and mouth of a plane stay in line: perspective alone moves the nose."""
        frames = ADA.perform(steps("LR"))
        flats = []
        for o in frames:
            points = flat(2 * o.pose[0], 40, distance).astype(np.float32)
            flats.append(replace(o, face=Face(o.face.box, points, 0.9)))
        verdict = judged(flats, "LR")
        assert not verdict.passed
        assert verdict.done == 0

    def test_a_turn_that_only_narrows_the_face(self) -> None:
        """What detectors make of a photograph seen from the side: a nose off the middle, though
        the eyes come closer together than that turn explains."""
        squeezed = []
        for o in ADA.perform(steps("L")):
            middle = o.face.landmarks.mean(axis=0)
            by = 0.7 if abs(o.pose[0]) > 18 else 1.0
            points = (o.face.landmarks - middle) * (by, 1) + middle
            squeezed.append(replace(o, face=Face(o.face.box, points, 0.9)))
        assert judged(squeezed, "L").reasons == ("flat_turn",)

    def test_a_picture_moved_closer_passes_unless_another_check_sees_it(self) -> None:
        # Honest: size alone says nothing of depth.
        frames = ADA.perform(steps("C"))
        attempt = Attempt(challenge("C"))
        attempt.see_all(frames)
        assert attempt.verdict().passed
        planar = Liveness(0.1, 0.5, reasons=("planar",))
        unsure = Liveness(None, 0.5, reasons=("too_still",))
        assert attempt.verdict(others=[planar]).reasons == ("not_live", "planar")
        assert attempt.verdict(others=[unsure]).passed


class TestTime:
    def test_frames_before_the_issue(self) -> None:
        frames = ADA.perform(steps("LRCL"), start=99.5)
        assert judged(frames).reasons == ("before_issue",)

    def test_frames_after_expiry(self) -> None:
        assert judged(ADA.perform(steps("LRCL"), start=155.0)).reasons == ("expired",)

    def test_time_must_rise(self) -> None:
        frames = ADA.perform(steps("LRCL"))
        frames[20] = replace(frames[20], at=frames[18].at)
        assert judged(frames).reasons == ("time_not_rising",)

    def test_a_long_gap(self) -> None:
        frames = [o for o in ADA.perform(steps("LRCL")) if not 103 < o.at < 104]
        assert judged(frames).reasons == ("face_lost",)

    def test_before_the_first_look_is_measured_a_gap_only_starts_it_again(self) -> None:
        early = ADA.film([(0.0, (0, 0, 1.0)), (0.2, (0, 0, 1.0))], 101.0)
        late = replace(ADA, seed=1).perform(steps("LR"), start=103.0)
        assert judged(early + late, "LR").passed

    def test_a_step_that_takes_too_long(self) -> None:
        ahead = (0.0, 0.0, 1.0)
        assert judged(ADA.film([(0, ahead), (12, ahead)])).reasons == ("step_time",)

    def test_everything_too_long(self) -> None:
        slow = replace(ADA, stay=3.0)
        asked = replace(challenge("LRCL"), total_seconds=10.0)
        attempt = Attempt(asked)
        attempt.see_all(slow.perform(asked.steps))
        assert attempt.verdict().reasons == ("total_time",)

    def test_never_looking_ahead(self) -> None:
        side = (45.0, 0.0, 1.0)
        assert judged(ADA.film([(0, side), (12, side)])).reasons == ("no_frontal_start",)


class TestVerdict:
    def test_without_frames_nothing_can_be_told(self) -> None:
        verdict = Attempt(challenge()).verdict()
        assert verdict.reasons == ("no_frames",)
        assert verdict.liveness.score is None
        assert not verdict.liveness.live

    def test_half_an_answer_is_no_attack_but_a_wrong_step_is_refused(self) -> None:
        half = judged(ADA.perform(steps("LR")), "LRCL")
        assert (half.reasons, half.done, half.liveness.score) == (("unfinished",), 2, None)
        assert judged(ADA.perform(steps("RL")), "LR").liveness.score == 0

    def test_every_look_ahead_must_match(self) -> None:
        """A face that drifts towards the template only at first does not pass on its mean."""
        rules = Rules(same=-1, turned=-1, steady=-1)
        own, other = (Actor(p).perform(steps("LRCL")) for p in (1, 2))
        attempt = Attempt(challenge(), rules)
        attempt.see_all(own[:60] + other[60:])
        assert attempt.progress.phase == "done"
        assert attempt.verdict(ADA.vector(), 0.4).reasons == ("no_match",)

    def test_another_models_template(self) -> None:
        attempt = Attempt(challenge("L"))
        attempt.see_all(ADA.perform(steps("L")))
        with pytest.raises(ModelMismatch):
            attempt.verdict(Embedding.of(np.ones(64), "fake-2"))

    def test_unfit_frames_are_left_out(self) -> None:
        dark = Quality(0.1, 40, 0.5, 0.01, 0.1, 0, 0, 0, 0)
        frames = [replace(o, quality=dark) for o in ADA.perform(steps("L"))]
        assert judged(frames, "L").reasons == ("no_frames",)
