"""Export and import over HTTP: what is carried, what is refused, and that nothing stays behind."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.gallery import transfer
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.service.apikeys import Scope
from visavis.service.routes import transfer as module
from visavis.service.state import Services

Png = Callable[..., bytes]
SECRET = "correct horse battery staple"
EXPORT, IMPORT = "/v1/collections/default/export", "/v1/collections/default/import"


@pytest.fixture(autouse=True)
def cheap_stretching(monkeypatch: pytest.MonkeyPatch) -> None:
    from visavis.gallery import sealedfile

    monkeypatch.setattr(sealedfile, "COSTS", {"iterations": 1, "lanes": 1, "memory_cost": 64})


@pytest.fixture
def beside(services: Services, png: Png) -> Iterator[Path]:
    """The service's folder, in a service that knows two people; empty of files afterwards."""
    recognizer = services.recognizers.of("default")
    for name in ("ada", "ben"):
        recognizer.enrol(name, [png(name)])
    folder = services.database.path.parent
    yield folder
    assert {path.name for path in folder.iterdir() if path.is_dir()} <= {"jobs"}
    assert not list(folder.rglob("*.visavis"))


@pytest.fixture
def export(client: TestClient, beside: Path) -> bytes:
    return client.post(EXPORT, json={"passphrase": SECRET}).content


def send(client: TestClient, data: bytes, path: str = IMPORT, **fields: Any) -> Any:
    return client.post(path, files={"file": ("x.visavis", data)}, data=fields)


def test_an_export_opens_in_another_gallery(
    client: TestClient, beside: Path, tmp_path: Path
) -> None:
    answer = client.post(EXPORT, json={"passphrase": SECRET})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="export.visavis"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    path = tmp_path / "copy"
    path.write_bytes(answer.content)
    with Gallery(tmp_path / "other", Keyring([b"o" * 32])) as other:
        done = transfer.import_(other, "default", path, SECRET)
        assert (done.subjects, done.templates) == (2, 2)
    assert b'"ada"' not in answer.content


def test_an_import_into_the_same_service(
    client: TestClient, services: Services, export: bytes
) -> None:
    found = send(client, export, "/v1/collections/new/import", passphrase=SECRET)
    assert found.json() == {"subjects": 2, "templates": 2, "skipped": 0}
    assert {s.id for s in services.gallery.open_collection("new").subjects()} == {"ada", "ben"}
    for existing, expected in (("skip", (0, 0, 2)), ("merge", (2, 0, 0))):
        found = send(client, export, passphrase=SECRET, existing=existing).json()
        assert (found["subjects"], found["templates"], found["skipped"]) == expected
    refused = send(client, export, passphrase=SECRET)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "duplicate_subject")


def test_both_are_recorded_with_the_request(
    client: TestClient, services: Services, export: bytes
) -> None:
    headers = {"X-Request-Id": "request-1"}
    client.post(EXPORT, json={"passphrase": SECRET}, headers=headers)
    fields = {"passphrase": SECRET, "existing": "skip"}
    client.post(IMPORT, files={"file": ("x", export)}, data=fields, headers=headers)
    found = services.gallery.audit_page(request="request-1")
    assert [record.action for record in found] == ["import", "export"]


@pytest.mark.parametrize("passphrase", ["", "seven c", None, 12345678, "x" * 1001])
def test_passphrases_that_will_not_do(client: TestClient, beside: Path, passphrase: Any) -> None:
    body = {} if passphrase is None else {"passphrase": passphrase}
    assert client.post(EXPORT, json=body).status_code == 422


def test_the_passphrase_is_told_to_nobody(
    client: TestClient, services: Services, export: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.post(EXPORT, json={"passphrase": SECRET})
    answers = [
        send(client, export, passphrase=SECRET),
        send(client, export, passphrase=SECRET, existing=SECRET),
        send(client, export, passphrase=SECRET, other=SECRET),
        client.post(EXPORT, json={"passphrase": SECRET, "other": SECRET}),
        client.post(EXPORT, json={"passphrase": [SECRET]}),
    ]
    assert [answer.status_code for answer in answers] == [409, 422, 422, 422, 422]
    told = "".join(answer.text for answer in answers) + caplog.text
    told += str([r.details for r in services.gallery.audit_page()])
    assert SECRET not in told


def test_files_that_do_not_open(client: TestClient, services: Services, export: bytes) -> None:
    changed = export[:-1] + bytes([export[-1] ^ 1])
    header, _, rest = export.partition(b"\n")
    bombed = header.replace(b'"memory_cost": 64', b'"memory_cost": 999999999') + b"\n" + rest
    assert bombed != export
    for data, passphrase in (
        (export, "another passphrase"),
        (changed, SECRET),
        (export[: len(export) // 2], SECRET),
        (bombed, SECRET),
        (b"no export", SECRET),
        (b"", SECRET),
    ):
        answer = send(client, data, passphrase=passphrase, existing="skip")
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_export")
        assert str(services.database.path.parent) not in answer.text


def test_a_genuine_file_with_odd_contents(
    client: TestClient, services: Services, beside: Path, tmp_path: Path
) -> None:
    import json

    from visavis.gallery.sealedfile import SealedWriter

    path = tmp_path / "odd"
    manifest = {"model": "fake-1", "dim": 32, "keep_crops": False}
    end = {"end": {"subjects": 1, "templates": 0}}
    for lines in (
        [{"collection": manifest}, {"subject": {"id": "x"}}, end],
        [{"collection": manifest}, {"subject": 5}, end],
        [{"collection": {}}, end],
        [5, end],
    ):
        with path.open("wb") as file:
            writer = SealedWriter(file, SECRET)
            for line in lines:
                writer.write(json.dumps(line).encode() + b"\n")
            writer.close()
        answer = send(client, path.read_bytes(), passphrase=SECRET)
        assert answer.status_code == 422, answer.text
    assert {s.id for s in services.recognizers.of("default").subjects()} == {"ada", "ben"}


def test_what_a_killed_process_left_is_removed(
    client: TestClient, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = beside / ".transfer-left"
    left.mkdir()
    (left / "part.visavis").touch()
    client.post(EXPORT, json={"passphrase": SECRET})
    assert left.exists()  # it may be at work
    monkeypatch.setattr(module, "_LONGEST_SECONDS", -1.0)
    client.post(EXPORT, json={"passphrase": SECRET})
    assert not left.exists()


def test_a_disk_that_refuses(
    client: TestClient, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    answer = send(client, b"x", passphrase=SECRET)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database")


def test_odd_requests(client: TestClient, beside: Path) -> None:
    assert (
        client.post("/v1/collections/none/export", json={"passphrase": SECRET}).status_code == 404
    )
    assert client.post(IMPORT, data={"passphrase": SECRET}).status_code in (400, 415)
    assert send(client, b"x").status_code == 422
    two = [("file", ("a", b"x")), ("file", ("b", b"x"))]
    assert client.post(IMPORT, files=two, data={"passphrase": SECRET}).status_code == 400


def test_only_administrators(client: TestClient, services: Services, export: bytes) -> None:
    every = [scope for scope in Scope if scope is not Scope.ADMIN]
    _, token = services.keys.create("k", every)
    headers = {"Authorization": f"Bearer {token}"}
    assert client.post(EXPORT, json={"passphrase": SECRET}, headers=headers).status_code == 403
    files = {"file": ("x", export)}
    answer = client.post(IMPORT, files=files, data={"passphrase": SECRET}, headers=headers)
    assert answer.status_code == 403
