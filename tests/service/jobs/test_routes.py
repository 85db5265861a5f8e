"""Bulk enrolment over HTTP."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.state import Services

JOBS = "/v1/collections/default/jobs"
Png = Callable[..., bytes]
Zipped = Callable[..., bytes]


@pytest.fixture
def still(services: Services) -> TestClient:
    """A client of a service whose jobs are worked off by hand."""
    return TestClient(create_app(services), base_url="http://127.0.0.1:8600")


@pytest.fixture
def people(png: Png) -> dict[str, bytes]:
    return {"ada/1.png": png("ada"), "ben/1.png": png("ben"), "cay/1.png": png()}


def send(client: TestClient, files: dict[str, bytes], **options: Any) -> Any:
    found = [("images", (path, data)) for path, data in files.items()]
    return client.post(JOBS, files=found, **options)


def test_photos_with_paths(still: TestClient, services: Services, people: dict[str, bytes]) -> None:
    made = send(still, people)
    assert made.status_code == 202
    job = made.json()
    assert (job["state"], job["total"], job["done"], job["error"]) == ("queued", 3, 0, None)
    assert still.get(f"{JOBS}/{job['id']}").json() == job
    services.jobs.step()
    assert still.get(f"{JOBS}/{job['id']}").json()["state"] == "running"
    while services.jobs.step():
        pass
    done = still.get(f"{JOBS}/{job['id']}").json()
    assert (done["state"], done["done"], done["enrolled"], done["refused"]) == ("done", 3, 2, 1)
    items = still.get(f"{JOBS}/{job['id']}/items").json()
    assert items["next"] is None
    assert [(i["subject"], i["outcome"], i["code"]) for i in items["items"]] == [
        ("ada", "enrolled", None),
        ("ben", "enrolled", None),
        ("cay", "refused", "no_face"),
    ]
    assert items["items"][0]["template"]
    assert items["items"][2]["reason"]


def test_an_archive_worked_off_in_the_background(
    client: TestClient, zipped: Zipped, people: dict[str, bytes]
) -> None:
    made = client.post(JOBS, files={"archive": ("people.zip", zipped(people))})
    assert made.status_code == 202
    path = f"{JOBS}/{made.json()['id']}"
    for _ in range(500):
        found = client.get(path).json()
        if found["state"] == "done":
            break
        time.sleep(0.01)
    assert (found["enrolled"], found["refused"]) == (2, 1)


def test_lists_come_in_pages(still: TestClient, people: dict[str, bytes]) -> None:
    made = [send(still, people).json()["id"] for _ in range(3)]
    for path, expected, key in (
        (JOBS, made[::-1], "id"),
        (f"{JOBS}/{made[0]}/items", ["ada", "ben", "cay"], "subject"),
    ):
        found, cursor = [], None
        while True:
            page = still.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
            found += [entry[key] for entry in page.json()["items"]]
            cursor = page.json()["next"]
            if cursor is None:
                break
        assert found == expected
    assert still.get(JOBS, params={"cursor": "x"}).json()["error"]["code"] == "bad_cursor"
    for limit in (0, 501):
        assert still.get(JOBS, params={"limit": limit}).status_code == 422


def test_a_cursor_of_another_list_is_refused(still: TestClient, services: Services) -> None:
    cursor = services.cursors.seal("ada")
    answer = still.get(JOBS, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor")


def test_cancel_and_delete(still: TestClient, services: Services, people: dict[str, bytes]) -> None:
    path = f"{JOBS}/{send(still, people).json()['id']}"
    services.jobs.step()
    cancelled = still.post(f"{path}/cancel").json()
    assert (cancelled["state"], cancelled["done"]) == ("cancelled", 1)
    assert not services.jobs.step()
    assert still.delete(path).status_code == 204
    for method, end in (("get", ""), ("get", "/items"), ("post", "/cancel"), ("delete", "")):
        answer = still.request(method, f"{path}{end}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert still.get(JOBS).json()["items"] == []
    told = [r.details["state"] for r in services.gallery.audit_page(action="job")]
    assert told == ["deleted", "cancelled", "queued"]


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ({"1.png": b"x"}, 422, "bad_archive"),
        ({"../ada/1.png": b"x"}, 422, "bad_archive"),
    ],
)
def test_bad_paths(still: TestClient, files: dict[str, bytes], status: int, code: str) -> None:
    answer = send(still, files)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert still.get(JOBS).json()["items"] == []


def test_bad_archives(still: TestClient, zipped: Zipped, services: Services) -> None:
    def post(data: bytes) -> tuple[int, str]:
        answer = still.post(JOBS, files={"archive": ("a.zip", data)})
        return answer.status_code, answer.json()["error"]["code"]

    assert post(b"no zip") == (422, "bad_archive")
    assert post(zipped({"ada/../../1.png": b"x"})) == (422, "bad_archive")
    bomb = zipped({"ada/1.png": bytes(services.settings.max_bytes + 1)})
    assert post(bomb) == (413, "request_too_large")
    assert post(zipped({f"ada/{i}": b"" for i in range(10_001)})) == (413, "request_too_large")
    assert still.post(JOBS, json={}).status_code == 415
    assert still.post(JOBS, files={"other": ("a", b"x")}).status_code == 400


def test_no_such_collection(still: TestClient, people: dict[str, bytes]) -> None:
    files = [("images", (path, data)) for path, data in people.items()]
    answer = still.post("/v1/collections/none/jobs", files=files)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_subject")


def test_the_policy_of_the_request(
    still: TestClient, services: Services, png: Png, people: dict[str, bytes]
) -> None:
    assert send(still, people, params={"fmr": 0.5}).status_code == 400
    assert send(still, people, params={"face": "nobody"}).status_code == 422
    made = send(still, {"ada/1.png": png("ada", "ben")}, params={"face": "central"}).json()
    services.jobs.step()
    assert still.get(f"{JOBS}/{made['id']}").json()["enrolled"] == 1


def test_one_idempotency_key_is_one_job(still: TestClient, people: dict[str, bytes]) -> None:
    headers = {"Idempotency-Key": "staff-2025"}
    first, second = (send(still, people, headers=headers) for _ in range(2))
    assert first.json() == second.json()
    other = send(still, {"ada/1.png": b"x"}, headers=headers)
    assert other.json()["error"]["code"] == "idempotency_mismatch"


def test_scopes_and_collections(
    still: TestClient, services: Services, people: dict[str, bytes]
) -> None:
    def key(*scopes: Scope, collections: list[str] | None = None) -> dict[str, str]:
        _, token = services.keys.create("k", scopes, collections=collections)
        return {"Authorization": f"Bearer {token}"}

    enrol, other = key(Scope.ENROL), key(Scope.ENROL, collections=["other"])
    made = send(still, people, headers=enrol)
    assert made.status_code == 202
    path = f"{JOBS}/{made.json()['id']}"
    for headers in (other, key(Scope.IDENTIFY)):
        assert send(still, people, headers=headers).status_code == 403
        for method, end in (("get", ""), ("get", "/items"), ("post", "/cancel"), ("delete", "")):
            assert still.request(method, f"{path}{end}", headers=headers).status_code == 403
    assert still.get(path).status_code == 401
