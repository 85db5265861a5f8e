"""The routes of templates: which a subject has, and the end of one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

import pytest
from starlette.testclient import TestClient

from visavis.audit import Action
from visavis.gallery.collection import Collection
from visavis.service.apikeys import Scope
from visavis.service.state import Services
from visavis.testing import FakeEmbedder
from visavis.types import Embedding

PATH = "/v1/collections/default/subjects/ada/templates"


@pytest.fixture
def collection(services: Services) -> Collection:
    return services.gallery.open_collection("default")


def put(collection: Collection, *qualities: float, subject: str = "ada") -> list[str]:
    """Enrols that many templates at one moment; their ids."""
    embedding = Embedding.of([1.0] + [0.0] * 31, FakeEmbedder().model)
    made = collection.enrol(subject, [embedding] * len(qualities), qualities=qualities)
    return [template.id for template in made]


def pages(client: TestClient, limit: int) -> Iterator[list[str]]:
    """The ids of all pages, to the end."""
    asked: dict[str, str | int] = {"limit": limit}
    while True:
        body = client.get(PATH, params=asked).json()
        yield [item["id"] for item in body["items"]]
        if body["next"] is None:
            return
        asked["cursor"] = body["next"]


def test_templates_are_listed_without_vectors(client: TestClient, collection: Collection) -> None:
    first, second = put(collection, 0.25), put(collection, 0.75)
    items = client.get(PATH).json()["items"]
    assert [item["id"] for item in items] == first + second
    assert [item["quality"] for item in items] == [0.25, 0.75]
    assert {frozenset(item) for item in items} == {frozenset({"id", "quality", "enrolled_at"})}
    assert datetime.fromisoformat(items[0]["enrolled_at"]) <= datetime.now(UTC)


def test_pages_hold_every_template_once(client: TestClient, collection: Collection) -> None:
    expected = put(collection, *[0.5] * 3) + put(collection, *[0.5] * 4)
    for limit in (1, 3, 7, 8):
        found = list(pages(client, limit))
        assert list(chain(*found)) == expected
        assert all(len(page) == limit for page in found[:-1])
        assert found[-1]


def test_a_page_goes_on_behind_a_template_that_is_gone(
    client: TestClient, collection: Collection
) -> None:
    first, second, third = put(collection, 0.5, 0.5, 0.5)
    cursor = client.get(PATH, params={"limit": 2}).json()["next"]
    assert client.delete(f"{PATH}/{second}").status_code == 204
    rest = client.get(PATH, params={"cursor": cursor}).json()["items"]
    assert [item["id"] for item in rest] == [third]
    assert list(pages(client, 5)) == [[first, third]]


def test_one_is_deleted_and_that_is_audited(
    client: TestClient, services: Services, collection: Collection
) -> None:
    kept, other = put(collection, 0.5, 0.5)
    gone = client.delete(f"{PATH}/{other}", headers={"X-Request-Id": "request-0004"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert [template.id for template in collection.templates("ada")] == [kept]
    [record] = services.gallery.audit_page(request="request-0004")
    assert (record.action, record.details["removed"]) == (Action.UPDATE, other)
    assert client.delete(f"{PATH}/{other}").status_code == 404


def test_the_last_one_stays_with_its_subject(client: TestClient, collection: Collection) -> None:
    [last] = put(collection, 0.5)
    refused = client.delete(f"{PATH}/{last}")
    assert refused.status_code == 409
    assert "forget the subject" in refused.json()["error"]["message"]
    assert len(collection.templates("ada")) == 1


def test_a_template_of_somebody_else_is_not_deleted(
    client: TestClient, collection: Collection
) -> None:
    put(collection, 0.5, 0.5)
    theirs, _ = put(collection, 0.5, 0.5, subject="ben")
    assert client.delete(f"{PATH}/{theirs}").status_code == 404
    assert client.delete(f"{PATH}/{'f' * 65}").status_code == 422
    assert len(collection.templates("ben")) == 2


def test_looking_needs_identify_or_enrol_and_deleting_enrol(
    client: TestClient, services: Services, collection: Collection
) -> None:
    ident, _ = put(collection, 0.5, 0.5)

    def header(*scopes: Scope, only: tuple[str, ...] | None = None) -> dict[str, str]:
        return {"X-API-Key": services.keys.create("test", scopes, collections=only)[1]}

    looker, keeper = header(Scope.IDENTIFY), header(Scope.ENROL)
    refused = [header(Scope.DETECT), header(Scope.ENROL, only=("other",))]
    assert [client.get(PATH, headers=h).status_code for h in refused] == [403, 403]
    assert [client.get(PATH, headers=h).status_code for h in (looker, keeper)] == [200, 200]
    for caller in (looker, *refused):
        assert client.delete(f"{PATH}/{ident}", headers=caller).status_code == 403
    assert client.delete(f"{PATH}/{ident}").status_code == 401
    assert client.delete(f"{PATH}/{ident}", headers=keeper).status_code == 204


def test_unknown_subjects_and_collections_are_404(client: TestClient) -> None:
    for path in (PATH, PATH.replace("default", "none")):
        for answer in (client.get(path), client.delete(f"{path}/{'0' * 16}")):
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_subject")


def test_a_cursor_of_another_list_is_refused(client: TestClient, services: Services) -> None:
    answer = client.get(PATH, params={"cursor": services.cursors.seal(3)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor")
