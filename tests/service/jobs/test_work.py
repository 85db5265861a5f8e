"""One portion: enrolled, refused, or found to have been enrolled before."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from visavis.errors import NotMeasured, UnknownSubject
from visavis.policy import Policy
from visavis.service.jobs.values import Contents, Order, Place, Task
from visavis.service.jobs.work import Enroller

Png = Callable[..., bytes]
TASK = Task("job", 0, Order("default", {}, {"key": "k"}), Place(0, ()), 0, b"", b"", False, False)


@pytest.fixture
def enroller(shop: Any) -> Enroller:
    return enroller_of(shop, shop.recognizer.policy)


def enroller_of(shop: Any, policy: Policy) -> Enroller:
    return Enroller(shop.gallery, lambda name: shop.recognizer, lambda asked: policy)


def test_templates_and_refusals(shop: Any, enroller: Enroller, png: Png) -> None:
    results = enroller.enrol(TASK, Contents("ada", [png(), png("ada")]))
    assert [result.code for result in results] == ["no_face", None]
    (template,) = shop.recognizer.collection.templates("ada")
    assert results[1].template == template.id
    record = shop.gallery.audit_find("job", "job:0")
    assert record.details["key"] == "k"


def test_all_refused(shop: Any, enroller: Enroller, png: Png) -> None:
    for photos in ([png()], [png(), b"x"]):
        results = enroller.enrol(TASK, Contents("ada", photos))
        assert [r.outcome for r in results] == ["refused"] * len(photos)
    assert shop.gallery.audit_find("job", "job:0") is None


def test_enrolled_once(shop: Any, enroller: Enroller, png: Png) -> None:
    contents = Contents("ada", [png("ada"), png("ada", seed=1, noise=2)])
    first = enroller.enrol(TASK, contents)
    assert enroller.enrol(replace(TASK, begun=True), contents) == first
    assert len(shop.recognizer.collection.templates("ada")) == 2
    shop.recognizer.forget("ada")
    gone = enroller.enrol(replace(TASK, begun=True), contents)
    assert {result.code for result in gone} == {"interrupted"}
    assert "ada" not in shop.recognizer.collection


def test_a_refusal_that_was_recorded_is_no_enrolment(shop: Any, png: Png) -> None:
    shop.recognizer.collection.record("enrol", None, {"job": "job:0", "accepted": False})
    found = enroller_of(shop, shop.recognizer.policy)
    results = found.enrol(replace(TASK, begun=True), Contents("ada", [png("ada")]))
    assert results[0].outcome == "enrolled"


def test_what_was_dropped_is_not_begun(shop: Any, enroller: Enroller, png: Png) -> None:
    results = enroller.enrol(replace(TASK, begun=True, dropped=True), Contents("ada", [png("ada")]))
    assert [result.outcome for result in results] == ["cancelled"]
    assert "ada" not in shop.recognizer.collection


def test_what_is_wrong_with_more_than_the_photos_is_raised(shop: Any, png: Png) -> None:
    policy = replace(shop.recognizer.policy, fmr=1e-9, beyond="refuse")
    contents = Contents("ada", [png("ada")])
    with pytest.raises(NotMeasured):
        enroller_of(shop, policy).enrol(TASK, contents)
    shop.gallery.delete_collection("default")
    with pytest.raises(UnknownSubject):
        enroller_of(shop, shop.recognizer.policy).enrol(TASK, contents)
