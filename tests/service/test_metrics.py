import threading
from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from visavis.errors import (
    BadImage,
    ChallengeRefused,
    EnrolmentRejected,
    LowQuality,
    NotLive,
    Rejection,
    VisavisError,
)
from visavis.gallery.gallery import CollectionInfo
from visavis.liveness.verdict import Refusal, Verdict
from visavis.service.metrics import CONTENT_TYPE, Metrics
from visavis.types import (
    Embedding,
    Face,
    Identification,
    Liveness,
    Match,
    Quality,
    Reason,
    Sample,
    Threshold,
    Verification,
)

LIVE, ATTACK = Liveness(0.9, 0.5), Liveness(0.1, 0.5, "print", ("looks_like_print",))
LIMIT = Threshold(0.4, 1e-4)


class Overloaded(VisavisError):
    code = "overloaded"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"visavis_{name}", labels)


def sample(quality: float = 0.8, liveness: Liveness | None = None) -> Sample:
    face = Face(
        np.array([0, 0, 9, 9], np.float32), np.arange(10, dtype=np.float32).reshape(5, 2), 0.9
    )
    told = Quality(quality, 60, 0.5, 0.5, 0.2, 0, 0, 0, 0)
    return Sample(face, Embedding.of([1, 0], "m"), told, liveness)


def verification(score: float, *liveness: Liveness | None, require: bool = False) -> Verification:
    samples = tuple(sample(liveness=found) for found in liveness)
    return Verification(score, LIMIT, samples, "m", "ada", require)


def info(name: str, subjects: int, templates: int) -> CollectionInfo:
    return CollectionInfo(name, "m", 2, subjects, templates, False, datetime.now(UTC))


def test_two_sets_of_metrics_know_nothing_of_one_another(metrics: Metrics) -> None:
    other = Metrics()
    metrics.reject("overloaded")
    assert value(metrics, "rejected_total", reason="overloaded") == 1
    assert value(other, "rejected_total", reason="overloaded") is None


def test_what_is_rendered_parses_and_bears_the_prefix(metrics: Metrics) -> None:
    metrics.observe_samples([sample()])
    text = metrics.render().decode()
    names = {family.name for family in text_string_to_metric_families(text)}
    assert "visavis_face_quality" in names
    assert all(name.startswith(("visavis_", "process_")) for name in names)
    assert "process_resident_memory_bytes" in names
    assert CONTENT_TYPE.startswith("text/plain")


def test_build_and_models_are_told(metrics: Metrics) -> None:
    metrics.model("embed", "sface", "ab")
    assert value(metrics, "model_info", task="embed", model="sface", sha256="ab") == 1
    assert value(Metrics("9.9"), "build_info", version="9.9") == 1


def test_an_answer_is_counted_and_timed(metrics: Metrics) -> None:
    metrics.request("/v1/faces", "POST", 200, 0.004)
    metrics.request("/v1/faces", "POST", 422, 0.2)
    count = ("requests_total", "/v1/faces", "POST")
    assert [
        value(metrics, count[0], route=count[1], method=count[2], status=status)
        for status in ("200", "422", "500")
    ] == [1, 1, None]
    assert value(metrics, "request_seconds_sum", route="/v1/faces") == pytest.approx(0.204)
    assert value(metrics, "request_seconds_bucket", route="/v1/faces", le="0.005") == 1


def test_a_client_cannot_make_new_series(metrics: Metrics) -> None:
    for method in ("BREW", "PROPFIND", "get"):
        metrics.request(None, method, 405, None)
    found = value(metrics, "requests_total", route="unmatched", method="other", status="405")
    assert found == 3
    assert value(metrics, "request_seconds_count", route="unmatched") is None


def test_requests_and_sessions_are_running_while_they_run(metrics: Metrics) -> None:
    with metrics.running(), metrics.running(), metrics.live_session():
        assert value(metrics, "requests_running") == 2
        assert value(metrics, "live_sessions") == 1
    with pytest.raises(BadImage), metrics.running(), metrics.live_session():
        raise BadImage("broken")
    assert (value(metrics, "requests_running"), value(metrics, "live_sessions")) == (0, 0)


def test_a_stage_is_timed_when_it_fails_too(metrics: Metrics) -> None:
    with metrics.stage("detect"):
        pass
    with pytest.raises(BadImage), metrics.stage("detect"):
        raise BadImage("broken")
    metrics.observe_stage("queue", 3.0)
    assert value(metrics, "stage_seconds_count", stage="detect") == 2
    assert value(metrics, "stage_seconds_sum", stage="queue") == 3
    assert value(metrics, "stage_seconds_count", stage="search") == 0


def test_what_is_watched_is_read_at_each_scrape(metrics: Metrics) -> None:
    waiting = iter([4, 2])
    metrics.watch_workers(lambda: next(waiting), lambda: 2)
    metrics.watch_jobs(lambda: {"queued": 3, "running": 1})
    assert b"visavis_queue_waiting 4.0" in metrics.render()
    text = metrics.render()
    assert b"visavis_queue_waiting 2.0" in text
    assert b"visavis_workers_running 2.0" in text
    assert b'visavis_jobs{state="queued"} 3.0' in text


def test_a_collection_that_is_gone_is_gone_from_the_gauges(metrics: Metrics) -> None:
    known = [info("staff", 2, 5), info("guests", 1, 1)]
    metrics.watch_galleries(lambda: known)
    assert value(metrics, "gallery_templates", collection="staff") == 5
    assert value(metrics, "gallery_subjects", collection="staff") == 2
    known.pop(0)
    assert value(metrics, "gallery_templates", collection="staff") is None
    assert value(metrics, "gallery_subjects", collection="guests") == 1


def test_watching_again_replaces_what_was_watched(metrics: Metrics) -> None:
    metrics.watch_jobs(lambda: {"queued": 1})
    metrics.watch_jobs(lambda: {"queued": 2})
    assert metrics.render().count(b'visavis_jobs{state="queued"}') == 1
    assert value(metrics, "jobs", state="queued") == 2


def test_a_gauge_that_cannot_be_read_spares_the_others(metrics: Metrics) -> None:
    def broken() -> Iterable[CollectionInfo]:
        raise VisavisError("closed")

    metrics.watch_galleries(broken)
    metrics.watch_workers(lambda: 1, lambda: 1)
    assert b"visavis_queue_waiting 1.0" in metrics.render()
    assert (value(metrics, "scrape_errors_total", what="galleries") or 0) >= 1
    assert value(metrics, "scrape_errors_total", what="workers") == 0


def test_the_faces_of_an_image_are_observed_together(metrics: Metrics) -> None:
    metrics.observe_samples([sample(0.35, LIVE), sample(0.85, ATTACK)])
    metrics.observe_samples([])
    assert value(metrics, "faces_per_image_count") == 2
    assert value(metrics, "faces_per_image_bucket", le="0.0") == 1
    assert value(metrics, "face_quality_bucket", le="0.4") == 1
    assert value(metrics, "liveness_checks_total", result="live") == 1
    assert value(metrics, "liveness_species_total", species="print") == 1


@pytest.mark.parametrize(
    ("found", "result"),
    [(LIVE, "live"), (ATTACK, "attack"), (Liveness(None, 0.5, reasons=("a:small",)), "unknown")],
)
def test_a_liveness_check_has_one_of_three_results(
    metrics: Metrics, found: Liveness, result: str
) -> None:
    metrics.observe_liveness(found)
    told = {r: value(metrics, "liveness_checks_total", result=r) for r in RESULTS}
    assert told == {r: float(r == result) for r in RESULTS}


RESULTS = ("live", "attack", "unknown")


@pytest.mark.parametrize(
    ("found", "decision"),
    [
        (verification(0.5, None), "match"),
        (verification(0.3, None), "no_match"),
        (verification(0.5, LIVE, require=True), "match"),
        (verification(0.5, ATTACK, require=True), "not_live"),
        (verification(0.3, ATTACK, require=True), "no_match"),
    ],
)
def test_a_verification_is_one_decision(
    metrics: Metrics, found: Verification, decision: str
) -> None:
    metrics.observe_verification("verify", found)
    assert value(metrics, "decisions_total", operation="verify", decision=decision) == 1
    assert value(metrics, "match_score_count", operation="verify") == 1
    assert value(metrics, "face_quality_count") == 1
    assert value(metrics, "faces_per_image_count") == 0


def test_no_score_can_be_read_from_two_scrapes(metrics: Metrics) -> None:
    metrics.observe_verification("compare", verification(0.123456, None, None))
    assert value(metrics, "match_score_bucket", operation="compare", le="0.2") == 1
    assert value(metrics, "match_score_bucket", operation="compare", le="0.1") == 0
    text = metrics.render().decode()
    assert "match_score_sum" not in text


def test_identifications_are_observed_with_their_faces(metrics: Metrics) -> None:
    best = (Match("ada", 0.7, "t1"), Match("ben", 0.2, "t2"))
    metrics.observe_identifications(
        [
            Identification(sample(), best, LIMIT),
            Identification(sample(), (), LIMIT),
            Identification(sample(), best, LIMIT, reasons=(Reason.BLURRED,)),
        ]
    )
    decided = [
        value(metrics, "decisions_total", operation="identify", decision=decision)
        for decision in ("match", "unknown", "low_quality")
    ]
    assert decided == [1, 1, 1]
    assert value(metrics, "match_score_count", operation="identify") == 2
    assert value(metrics, "reject_reasons_total", reason="blurred") == 1
    assert value(metrics, "faces_per_image_sum") == 3


@pytest.mark.parametrize(
    ("error", "codes"),
    [
        (BadImage("broken"), {"bad_image"}),
        (
            LowQuality("unfit", (Reason.BLURRED, Reason.TURNED)),
            {"low_quality", "blurred", "turned"},
        ),
        (
            EnrolmentRejected("none", [Rejection(0, "no_face", ""), Rejection(1, "too_close", "")]),
            {"enrolment_rejected", "no_face", "too_close"},
        ),
        (ChallengeRefused("late", Refusal.EXPIRED), {"challenge_refused", "expired"}),
        (NotLive("spoof", ATTACK), {"not_live"}),
        (NotLive("spoof"), {"not_live"}),
    ],
)
def test_a_refusal_counts_its_code_and_reasons(
    metrics: Metrics, error: VisavisError, codes: set[str]
) -> None:
    metrics.observe_refusal(error)
    assert dict.fromkeys(codes, 1.0) == reasons(metrics)


def reasons(metrics: Metrics) -> dict[str, float]:
    return {
        s.labels["reason"]: s.value
        for family in metrics.registry.collect()
        for s in family.samples
        if s.name == "visavis_reject_reasons_total"
    }


def test_a_face_refused_as_not_live_is_a_liveness_check_and_a_decision(metrics: Metrics) -> None:
    metrics.observe_refusal(NotLive("spoof", ATTACK), "verify")
    metrics.observe_refusal(LowQuality("unfit"), "verify")
    metrics.observe_refusal(BadImage("broken"), "verify")
    assert value(metrics, "liveness_checks_total", result="attack") == 1
    for decision, count in (("not_live", 1), ("low_quality", 1), ("bad_image", None)):
        found = value(metrics, "decisions_total", operation="verify", decision=decision)
        assert found == count


def test_what_is_turned_away_is_rejected_and_says_nothing_of_photos(metrics: Metrics) -> None:
    metrics.observe_refusal(Overloaded("full"))
    assert value(metrics, "rejected_total", reason="overloaded") == 1
    assert reasons(metrics) == {}


def test_live_frames_challenges_jobs_and_alerts_are_counted(metrics: Metrics) -> None:
    metrics.frame("dropped")
    metrics.challenge(Verdict(()))
    metrics.challenge(Verdict((Refusal.CUT, Refusal.NOT_LIVE)))
    metrics.job_photo("enrolled")
    metrics.alert("verify_failures")
    assert value(metrics, "live_frames_total", outcome="dropped") == 1
    assert value(metrics, "live_frames_total", outcome="processed") == 0
    assert value(metrics, "challenges_total", verdict="passed", reason="none") == 1
    assert value(metrics, "challenges_total", verdict="refused", reason="cut") == 1
    assert value(metrics, "job_photos_total", outcome="enrolled") == 1
    assert value(metrics, "alerts_total", kind="verify_failures") == 1


def test_nobody_is_named(metrics: Metrics) -> None:
    metrics.observe_identifications([Identification(sample(), (Match("ada", 0.7, "t1"),), LIMIT)])
    metrics.observe_verification("verify", verification(0.5, LIVE))
    text = metrics.render().decode()
    assert "ada" not in text
    labels = {
        name
        for family in text_string_to_metric_families(text)
        for s in family.samples
        for name in s.labels
    }
    assert labels <= {
        "le",
        "operation",
        "decision",
        "stage",
        "result",
        "species",
        "version",
        "outcome",
    }


def test_threads_lose_no_counts(metrics: Metrics) -> None:
    def count() -> None:
        for _ in range(500):
            metrics.request("/v1/faces", "GET", 200, 0.001)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = value(metrics, "requests_total", route="/v1/faces", method="GET", status="200")
    assert found == 2000
