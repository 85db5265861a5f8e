"""Both clients have every operation, and it looks there as it does alone."""

import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from visavis.client import AsyncClient, Client, calls
from visavis.client.decisions import Verification
from visavis.client.subjects import Subject

CLIENTS = (Client, AsyncClient)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", calls.__all__)
def test_every_call_is_a_method_of_both(client: type, name: str) -> None:
    made, method = getattr(calls, name), getattr(client, name)
    assert method.__name__ == name
    assert method.__doc__ == made.__doc__
    taken = list(inspect.signature(method).parameters.values())
    assert taken[0].name == "self"
    assert taken[1:] == list(inspect.signature(made).parameters.values())


def test_what_they_return() -> None:
    def returned(method: object) -> object:
        return inspect.signature(method).return_annotation  # type: ignore[arg-type]

    assert returned(Client.verify) is returned(AsyncClient.verify) is Verification
    assert returned(Client.subjects) == Iterator[Subject]
    assert returned(AsyncClient.subjects) == AsyncIterator[Subject]
    assert returned(Client.export) is returned(AsyncClient.export) is Path


def test_all_of_the_asynchronous_ones_are_awaited_or_followed() -> None:
    listed = {
        "collections",
        "subjects",
        "templates",
        "jobs",
        "job_items",
        "audit",
        "keys",
        "cameras",
        "sightings",
        "follow_sightings",
    }
    plain = {
        name
        for name in calls.__all__
        if not inspect.iscoroutinefunction(getattr(AsyncClient, name))
    }
    assert plain == listed
