"""What routes work with: recognizers by collection, calls, and the alarm."""

import asyncio

import pytest

from visavis.errors import UnknownSubject
from visavis.service.apikeys import Scope
from visavis.service.auth import Caller
from visavis.service.backoff import Alert
from visavis.service.state import Call, Services


def call_of(services: Services, *scopes: Scope) -> Call:
    return Call(services, Caller("k1", "door", frozenset(scopes)), "r1")


def test_a_recognizer_is_kept(services: Services) -> None:
    assert services.recognizers.of("default") is services.recognizers.of("default")


def test_asking_makes_no_collection(services: Services) -> None:
    with pytest.raises(UnknownSubject):
        services.recognizers.of("nowhere")
    assert [info.name for info in services.gallery.collections()] == ["default"]


def test_a_collection_made_anew_has_a_new_recognizer(services: Services) -> None:
    first = services.recognizers.of("default")
    services.gallery.delete_collection("default")
    with pytest.raises(UnknownSubject):
        services.recognizers.of("default")
    embedder = services.pipeline.embedder
    services.gallery.collection("default", model=embedder.model, dim=embedder.dim)
    again = services.recognizers.of("default")
    assert again is not first
    assert len(again.collection) == 0


def test_scores_are_exact_for_those_who_may_see_them(services: Services) -> None:
    assert call_of(services, Scope.IDENTIFY).digits == 2
    assert call_of(services, Scope.IDENTIFY, Scope.SCORES).digits == 6


def test_work_runs_on_a_worker_and_its_wait_is_counted(services: Services) -> None:
    assert asyncio.run(call_of(services).run(lambda: 7)) == 7
    assert 'visavis_stage_seconds_count{stage="queue"} 1.0' in services.metrics.render().decode()


def test_records_say_who_asked(services: Services) -> None:
    call_of(services).record("detect", {"faces": 2})
    [found] = services.gallery.audit_tail(1)
    assert dict(found.details) == {"faces": 2, "request": "r1", "key": "k1"}


def test_the_alarm_is_in_log_metrics_and_audit(
    services: Services, png, caplog: pytest.LogCaptureFixture
) -> None:
    services.recognizers.of("default").enrol("ada", [png("ada")])
    services.alarm(Alert("default", "ada", 20, ("k1", "k2")), {"request": "r1", "key": "k2"})
    [found] = services.gallery.audit_tail(1)
    assert found.action == "alert"
    assert found.subject == services.recognizers.of("default").collection.pseudonym("ada")
    assert found.details["keys"] == "k1, k2"
    assert "20 failed verifications" in caplog.text
    assert "ada" not in caplog.text
    assert 'visavis_alerts_total{kind="verify_failures"} 1.0' in services.metrics.render().decode()
