"""The end of old sightings, and what becomes of those who were not told of them."""

import logging
from datetime import timedelta

import pytest

from sighted import START, entered
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.service.sightings.retention import Retention


def test_what_is_older_goes_with_a_record_and_the_rest_stays(
    gallery: Gallery, collection: Collection
) -> None:
    old, new = entered("ada"), entered("ada", 60)
    collection.sightings.note([old, new])
    sweeper = Retention(gallery, 3, {})
    sweeper.sweep(START + timedelta(days=3))
    assert len(collection.sightings.sightings()) == 2
    sweeper.sweep(START + timedelta(days=3, seconds=1))
    assert [one.id for one in collection.sightings.sightings()] == [new.sighting]
    (record,) = gallery.audit_page(action="purge")
    assert record.collection == "default"
    assert (record.details["days"], record.details["sightings"]) == (3, 1)


def test_a_webhook_that_was_not_told_in_time_holds_nothing_up(
    gallery: Gallery, collection: Collection, caplog: pytest.LogCaptureFixture
) -> None:
    kept = collection.sightings
    kept.delivered("slow", 0)
    (seq,) = kept.note([entered("ada")])
    assert seq is not None
    kept.delivered("quick", seq)
    caplog.set_level(logging.INFO)
    Retention(gallery, 1, {"default": ["slow", "quick", "new"]}).sweep(START + timedelta(days=2))
    assert kept.events() == []
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.fields["webhook"] for record in warned] == ["slow"]  # type: ignore[attr-defined]


def test_its_thread_begins_with_a_purge_and_ends(gallery: Gallery, collection: Collection) -> None:
    collection.sightings.note([entered("ada")])
    sweeper = Retention(gallery, 1, {})
    sweeper.start()
    sweeper.stop()  # finishes what is under way
    sweeper.sweep(START + timedelta(days=9))  # does nothing any more
    assert len(gallery.audit_page(action="purge")) <= 1
