"""Sightings: the newest of a collection, by name."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytest.importorskip("gradio")

from visavis.client.subjects import enrol
from visavis.gallery.sighting import Kind, Sighted
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.state import Services
from visavis.ui.photos import one_photo
from visavis.ui.session import Ask, Sessions
from visavis.ui.tabs.sightings import newest

Run = Callable[..., Any]
AT = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
ADA = Sighted(
    kind=Kind.IDENTIFIED,
    sighting="a" * 32,
    camera="door",
    track=1,
    subject="ada",
    at=AT,
    first_seen=AT,
    last_seen=AT,
    score=0.71,
    threshold=0.47,
)


@pytest.fixture
def seen(run: Run, services: Services, photo: Callable[..., list[str]]) -> None:
    """Ada, and after her a stranger whose liveness is doubted."""

    async def work(ask: Ask) -> None:
        await ask(enrol("ada", one_photo(photo("ada")), name="Ada Lovelace"))

    run(work)
    kept = services.gallery.open_collection("default").sightings
    later = AT + timedelta(seconds=1)
    spoof = replace(
        ADA,
        kind=Kind.SPOOF_SUSPECTED,
        sighting="b" * 32,
        subject=None,
        at=later,
        first_seen=later,
        last_seen=later,
        score=None,
        live=False,
    )
    for one in (ADA, spoof):
        kept.note([replace(one, kind=Kind.ENTERED), one])


@pytest.mark.usefixtures("seen")
def test_the_newest_come_first_and_by_name(run: Run) -> None:
    found = run(newest, "default", {"number": 4})
    assert (found["number"], found["said"]) == (4, "")
    assert [one["who"] for one in found["sightings"]] == ["Stranger", "Ada Lovelace"]
    assert [one["look"] for one in found["sightings"]] == ["bad", "good"]


def test_a_collection_that_is_not_there_is_said(run: Run) -> None:
    found = run(newest, "nowhere", None)
    assert (found["number"], bool(found["said"])) == (None, True)
    assert "sightings" not in found


def test_a_key_without_the_scope_is_told_so(services: Services) -> None:
    token = services.keys.create("kiosk", [Scope.DETECT])[1]

    async def work() -> dict[str, Any]:
        sessions = Sessions(create_app(services), "127.0.0.1:8600")
        return await newest(sessions.ask(await sessions.begin(token)), "default", {})

    assert "lacks the scope identify" in asyncio.run(work())["said"]
