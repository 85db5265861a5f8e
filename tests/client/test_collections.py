"""Collections, asked of the real service."""

from datetime import UTC, datetime

import pytest

from visavis.client import Client, ServiceError


def test_made_found_and_deleted(client: Client) -> None:
    made = client.create_collection("the staff", keep_crops=True)
    assert (made.name, made.model, made.dim) == ("the staff", "fake-1", 32)
    assert (made.subjects, made.templates, made.keep_crops) == (0, 0, True)
    assert made.created_at <= datetime.now(UTC)
    assert client.create_collection("the staff") == made
    assert client.collection("the staff") == made
    assert [found.name for found in client.collections()] == ["default", "the staff"]

    deleted = client.delete_collection("the staff", confirm="the staff")
    assert (deleted.collection, deleted.subjects, deleted.templates) == ("the staff", 0, 0)
    assert deleted.audit_seq > 0
    assert [found.name for found in client.collections()] == ["default"]


def test_what_is_not_there(client: Client) -> None:
    with pytest.raises(ServiceError) as caught:
        client.collection("nowhere")
    assert (caught.value.code, caught.value.status) == ("unknown_subject", 404)


def test_a_name_once_more_is_needed(client: Client) -> None:
    with pytest.raises(ServiceError, match="confirm"):
        client.delete_collection("default", confirm="defautl")
    assert client.collection("default")
