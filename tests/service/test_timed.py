import threading
from pathlib import Path

import numpy as np
import pytest

from visavis.errors import ImageTooLarge, NotLive
from visavis.image import ImageLimits, encode
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.protocols import Detector, Embedder, LivenessCheck
from visavis.service.metrics import Metrics, Stage
from visavis.service.timed import Stopwatch, TimedDetector, TimedEmbedder, TimedLiveness, timed
from visavis.targets import LiveTarget
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo
from visavis.types import Face, Image

LIMITS = ImageLimits()
CHECKED = Policy(liveness="report")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def plain() -> Pipeline:
    return Pipeline(FakeDetector(), FakeEmbedder(), FakeLiveness(), LIMITS)


def count(metrics: Metrics, stage: Stage) -> float | None:
    return metrics.registry.get_sample_value("visavis_stage_seconds_count", {"stage": stage})


def counts(metrics: Metrics) -> dict[str, float | None]:
    stages: tuple[Stage, ...] = ("decode", "detect", "embed", "liveness")
    return {stage: count(metrics, stage) for stage in stages}


def test_a_timed_pipeline_says_what_the_plain_one_says(metrics: Metrics) -> None:
    photo = fake_photo("ada", "ben")
    told = timed(plain(), metrics, LIMITS).samples(photo, CHECKED)
    for a, b in zip(told, plain().samples(photo, CHECKED), strict=True):
        assert (a.face.box == b.face.box).all()
        assert (a.embedding.vector == b.embedding.vector).all()
        assert (a.quality, a.liveness) == (b.quality, b.liveness)


def test_each_step_is_observed(metrics: Metrics) -> None:
    photo = encode(fake_photo("ada", "ben"), "PNG")
    timed(plain(), metrics, LIMITS).samples(photo, CHECKED)
    assert counts(metrics) == {"decode": 1, "detect": 1, "embed": 1, "liveness": 2}


def test_work_that_is_not_done_is_not_observed(metrics: Metrics) -> None:
    timed(plain(), metrics, LIMITS).samples(fake_photo(), CHECKED)
    assert counts(metrics) == {"decode": 0, "detect": 1, "embed": 0, "liveness": 0}


def test_the_limits_hold_in_the_timed_pipeline(metrics: Metrics, tmp_path: Path) -> None:
    pipeline = timed(plain(), metrics, ImageLimits(max_pixels=100))
    with pytest.raises(ImageTooLarge):
        pipeline.faces(encode(fake_photo("ada"), "PNG"))
    with pytest.raises(ImageTooLarge):
        pipeline.faces(fake_photo("ada"))
    assert count(metrics, "decode") == 1


def test_a_pipeline_without_a_check_stays_without(metrics: Metrics) -> None:
    bare = timed(Pipeline(FakeDetector(), FakeEmbedder()), metrics, LIMITS)
    assert bare.liveness is None


def test_the_wrappers_are_what_they_wrap(metrics: Metrics) -> None:
    inner = FakeEmbedder(dim=7, model="other")
    embedder: Embedder = TimedEmbedder(inner, metrics)
    detector: Detector = TimedDetector(FakeDetector(), metrics)
    assert (embedder.model, embedder.dim) == ("other", 7)
    assert embedder.calibration is inner.calibration
    assert len(detector.detect(fake_photo("ada", "ben"))) == 2


def test_the_target_reaches_the_check(metrics: Metrics) -> None:
    check: LivenessCheck = TimedLiveness(FakeLiveness(0.6, 0.5), metrics)
    photo = fake_photo("ada")
    [face] = FakeDetector().detect(photo)
    assert check.check(photo, face).threshold == 0.5
    assert check.check(photo, face, LiveTarget(threshold=0.7)).threshold == 0.7


class Broken:
    def detect(self, image: Image) -> list[Face]:
        raise RuntimeError("broken")


def test_a_step_that_fails_is_observed_and_its_error_passes(metrics: Metrics) -> None:
    with pytest.raises(RuntimeError, match="broken"):
        TimedDetector(Broken(), metrics).detect(fake_photo("ada"))
    spoofed = Pipeline(FakeDetector(), FakeEmbedder(), FakeLiveness(0.0))
    with pytest.raises(NotLive):
        timed(spoofed, metrics, LIMITS).sample(fake_photo("ada"), Policy(liveness="require"))
    assert counts(metrics) == {"decode": 0, "detect": 2, "embed": 0, "liveness": 1}


def test_a_stopwatch_tells_the_time_of_each_step(metrics: Metrics) -> None:
    watch = Stopwatch(metrics)
    pipeline = timed(plain(), watch, LIMITS)
    with watch.collect() as stages:
        pipeline.samples(fake_photo("ada"), CHECKED)
        assert set(stages) == {"detect", "embed", "liveness"}
        once = dict(stages)
        pipeline.samples(fake_photo("ada"), CHECKED)
    assert all(0 < once[name] < stages[name] for name in once)
    pipeline.samples(fake_photo("ada"), CHECKED)
    assert count(metrics, "detect") == 3
    total = metrics.registry.get_sample_value("visavis_stage_seconds_sum", {"stage": "detect"})
    assert total is not None
    assert 0 < stages["detect"] < total


def test_nothing_is_collected_after_the_block_or_in_an_inner_one(metrics: Metrics) -> None:
    watch = Stopwatch(metrics)
    with watch.collect() as outer:
        with watch.collect() as inner, watch.stage("detect"):
            pass
        with watch.stage("embed"):
            pass
    with watch.stage("search"):
        pass
    assert (set(outer), set(inner)) == ({"embed"}, {"detect"})
    assert count(metrics, "search") == 1


def test_each_thread_collects_its_own(metrics: Metrics) -> None:
    watch, meeting = Stopwatch(metrics), threading.Barrier(2, timeout=20)
    found: dict[str, set[str]] = {}

    def work(stage: Stage) -> None:
        with watch.collect() as stages:
            meeting.wait()
            with watch.stage(stage):
                meeting.wait()
            found[stage] = set(stages)

    names: tuple[Stage, ...] = ("detect", "embed")
    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"detect": {"detect"}, "embed": {"embed"}}


def test_arrays_pass_unchanged_and_untimed(metrics: Metrics) -> None:
    photo = fake_photo("ada")
    assert np.shares_memory(timed(plain(), metrics, LIMITS).decode(photo), photo)
    assert count(metrics, "decode") == 0
