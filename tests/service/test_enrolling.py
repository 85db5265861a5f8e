"""A request that comes again: done once, whatever happened in between."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.audit import Action, AuditEntry, Detail
from visavis.errors import GalleryError
from visavis.gallery.collection import Collection
from visavis.service import enrolling
from visavis.service.apikeys import Scope
from visavis.service.idempotency import Idempotency, Stored
from visavis.service.state import Services

PATH = "/v1/collections/default/subjects/ada/templates"
PNG = {"Content-Type": "image/png"}
LATER = (datetime.now(UTC) + timedelta(days=1)).isoformat()
Pictures = Callable[..., bytes]


@pytest.fixture
def collection(services: Services) -> Collection:
    return services.gallery.open_collection("default")


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The digests with which requests were begun."""
    found: list[tuple[str, str]] = []
    begin = Idempotency.begin

    def noted(self: Idempotency, digest: str, request_hash: str) -> Any:
        found.append((digest, request_hash))
        return begin(self, digest, request_hash)

    monkeypatch.setattr(Idempotency, "begin", noted)
    return found


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def once(client: TestClient, photo: bytes, key: str = "k1", **said: Any) -> Any:
    """One picture, under an idempotency key."""
    return client.post(PATH, content=photo, headers=PNG | {"Idempotency-Key": key}, **said)


def test_a_request_that_comes_again_is_done_once(
    client: TestClient, collection: Collection, png: Pictures
) -> None:
    files = [("images", png("ada", noise=4, seed=1)), ("images", png())]

    def post() -> Any:
        key = {"Idempotency-Key": "a key, with: spaces"}
        return client.post(PATH, files=files, data={"name": "Ada"}, headers=key)

    first = post()
    client.patch(PATH.removesuffix("/templates"), json={"name": "Other"})
    again = post()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert len(collection.templates("ada")) == 1
    assert collection.subject("ada").name == "Other"


def test_a_replay_says_what_was_said_even_when_that_is_gone(
    client: TestClient, png: Pictures
) -> None:
    first = once(client, png("ada"))
    client.delete(PATH.removesuffix("/templates"))
    again = once(client, png("ada"))
    assert again.json() == first.json()
    assert client.get(PATH).status_code == 404


def test_a_key_with_another_request_is_refused(
    client: TestClient, collection: Collection, png: Pictures
) -> None:
    once(client, png("ada"))
    others = [
        once(client, png("ada", noise=4)),
        once(client, png("ada"), params={"face": "largest"}),
        client.post(
            PATH,
            files=[("images", png("ada"))],
            data={"name": "x"},
            headers={"Idempotency-Key": "k1"},
        ),
    ]
    assert [code(answer) for answer in others] == [(422, "idempotency_mismatch")] * 3
    assert len(collection.templates("ada")) == 1


def test_the_same_key_of_another_subject_caller_or_none_is_another_request(
    client: TestClient, services: Services, collection: Collection, png: Pictures
) -> None:
    once(client, png("ada"))
    headers = PNG | {"Idempotency-Key": "k1"}
    ben = client.post(PATH.replace("ada", "ben"), content=png("ben"), headers=headers)
    client.post(PATH, content=png("ada"), headers=PNG)
    _, token = services.keys.create("test", [Scope.ENROL])
    theirs = client.post(PATH, content=png("ada"), headers=headers | {"X-API-Key": token})
    assert [answer.headers.get("Idempotent-Replay") for answer in (ben, theirs)] == [None, None]
    assert len(collection.templates("ada")) == 3


def test_keys_that_are_none_are_refused(client: TestClient, png: Pictures) -> None:
    for key in ("", "x" * 201, "a\tb"):
        assert once(client, png("ada"), key).status_code in (400, 422), key


def test_a_refused_request_may_be_mended_under_its_key(
    client: TestClient, collection: Collection, png: Pictures
) -> None:
    assert code(once(client, png())) == (422, "no_face")
    assert once(client, png("ada")).status_code == 201
    assert len(collection.templates("ada")) == 1


def test_while_the_first_is_served_the_next_has_to_wait(
    client: TestClient, services: Services, png: Pictures, begun: list[tuple[str, str]]
) -> None:
    once(client, png())
    services.idempotency.begin(*begun[0])
    waiting = once(client, png())
    assert code(waiting) == (409, "idempotency_in_progress")
    assert waiting.headers["Retry-After"] == "1"


def test_an_interrupted_request_that_was_stored_is_not_done_again(
    client: TestClient,
    services: Services,
    collection: Collection,
    png: Pictures,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(self: Idempotency, digest: str, status: int, body: str) -> None:
        self.leave(digest)
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(Idempotency, "finish", die)
        assert once(client, png("ada")).status_code == 500
    again = once(client, png("ada"))
    third = once(client, png("ada"))
    stored = collection.templates("ada")
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")
    assert [item["id"] for item in again.json()["templates"]] == [t.id for t in stored]
    assert len(stored) == 1
    assert third.json() == again.json()
    client.delete(PATH.removesuffix("/templates"))
    assert once(client, png("ada")).json() == again.json()


def test_what_failed_after_it_was_stored_is_not_done_again(
    client: TestClient, collection: Collection, png: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol = Collection.enrol

    def fail(*args: Any, **said: Any) -> None:
        enrol(*args, **said)
        raise GalleryError("the index cannot follow")

    with monkeypatch.context() as patched:
        patched.setattr(Collection, "enrol", fail)
        assert once(client, png("ada")).status_code == 409
    again = once(client, png("ada"))
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")
    assert len(collection.templates("ada")) == 1


def test_an_interrupted_request_of_somebody_forgotten_is_not_done_again(
    client: TestClient, services: Services, png: Pictures, begun: list[tuple[str, str]]
) -> None:
    once(client, png("ada"))
    client.delete(PATH.removesuffix("/templates"))
    services.idempotency.abandon(begun[0][0])
    services.idempotency.begin(*begun[0])
    services.idempotency.leave(begun[0][0])
    again = once(client, png("ada"))
    assert (again.status_code, again.json()["templates"]) == (201, [])
    assert client.get(PATH).status_code == 404


@pytest.mark.parametrize("refused_before", [False, True])
def test_an_interrupted_request_that_was_not_stored_is_done(
    client: TestClient,
    services: Services,
    collection: Collection,
    png: Pictures,
    begun: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    refused_before: bool,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise GalleryError("the database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(Collection, "enrol", fail)
        assert once(client, png("ada")).status_code == 409
    if refused_before:
        details: dict[str, Detail] = {"idempotency": begun[0][0], "accepted": False}
        services.gallery.audit(AuditEntry(Action.ENROL, "default", details=details))
    again = once(client, png("ada"))
    assert again.status_code == 201
    assert "Idempotent-Replay" not in again.headers
    assert len(collection.templates("ada")) == 1
    assert once(client, png("ada")).headers["Idempotent-Replay"] == "true"


def test_an_older_request_with_the_key_is_no_proof(
    client: TestClient,
    services: Services,
    collection: Collection,
    png: Pictures,
    begun: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    once(client, png("ada"))
    services.idempotency.abandon(begun[0][0])
    services.idempotency.begin(*begun[0])
    services.idempotency.leave(begun[0][0])
    monkeypatch.setattr(enrolling, "_KEPT", timedelta(0))
    assert "Idempotent-Replay" not in once(client, png("ada")).headers
    assert len(collection.templates("ada")) == 2


def test_a_replay_needs_no_expiry_in_the_future(
    client: TestClient, png: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    def post() -> Any:
        return client.post(
            PATH,
            files=[("images", png("ada"))],
            data={"expires_at": LATER},
            headers={"Idempotency-Key": "k1"},
        )

    first = post()
    monkeypatch.setattr(enrolling, "check_future", lambda when: pytest.fail("looked again"))
    assert post().json() == first.json()


def test_neither_database_nor_audit_log_tells_the_subject_of_a_request(
    client: TestClient, services: Services, png: Pictures, begun: list[tuple[str, str]]
) -> None:
    once(client, png("ada"))
    [(digest, request_hash)] = begun
    [record] = services.gallery.audit_page(action=Action.ENROL)
    assert record.details["idempotency"] == digest
    guessed = {Idempotency.digest("", "POST", path, "k1") for path in (PATH, "ada")}
    assert digest not in guessed
    kept = services.idempotency.begin(digest, request_hash)
    assert isinstance(kept, Stored)
    assert set(json.loads(kept.body)) == {"templates", "rejected"}


def test_many_at_once_with_one_key_store_one_enrolment(
    client: TestClient, collection: Collection, png: Pictures
) -> None:
    photo = png("ada")
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(once(client, photo))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409, 429}
    assert len(collection.templates("ada")) == 1
    ids = {answer.json()["templates"][0]["id"] for answer in answers if answer.status_code == 201}
    assert ids == {collection.templates("ada")[0].id}
