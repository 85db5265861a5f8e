"""gallery: info, export, import, backup, restore, purge, reembed."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from visavis.settings import Settings
from visavis.testing import FakeEmbedder

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def enrolled(run: Run, shoot: Run) -> None:
    for person in ("ada", "ben"):
        assert run("enrol", person, shoot(person)).exit_code == 0


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("correct horse\n")
    return path


def ids(run_json: Run, *where: object) -> list[str]:
    return [p["id"] for p in run_json("subjects", "list", *where)[1]["subjects"]]


def test_info(run: Run, run_json: Run) -> None:
    code, document = run_json("gallery", "info")
    assert code == 0
    (collection,) = document["collections"]
    assert (collection["name"], collection["subjects"], collection["templates"]) == (
        "default",
        2,
        2,
    )
    assert (collection["model"], collection["dim"]) == ("fake-1", 32)
    assert document["audit_records"] >= 3
    assert document["unreadable"] == 0
    assert "default" in run("gallery", "info").stdout


def test_a_gallery_that_is_not_there_is_not_made(run_json: Run, tmp_path: Path) -> None:
    code, document = run_json("gallery", "info", "--gallery", tmp_path / "typo")
    assert (code, document["error"]["code"]) == (3, "config")
    assert not (tmp_path / "typo").exists()


def test_export_and_import_into_another_gallery(
    run_json: Run, tmp_path: Path, secret: Path
) -> None:
    out, other = tmp_path / "all.visavis", tmp_path / "other"
    words = ("--passphrase-file", secret)
    code, document = run_json("gallery", "export", out, *words)
    assert (code, document["subjects"], document["templates"]) == (0, 2, 2)
    code, document = run_json("gallery", "import", out, *words, "--gallery", other)
    assert (code, document["subjects"], document["skipped"]) == (0, 2, 0)
    assert ids(run_json, "--gallery", other) == ["ada", "ben"]


def test_import_of_taken_ids(run_json: Run, tmp_path: Path, secret: Path) -> None:
    out = tmp_path / "all.visavis"
    run_json("gallery", "export", out, "--passphrase-file", secret)
    words = ("gallery", "import", out, "--passphrase-file", secret)
    code, document = run_json(*words)
    assert (code, document["error"]["code"]) == (2, "duplicate_subject")
    code, document = run_json(*words, "--existing", "skip")
    assert (code, document["skipped"]) == (0, 2)


def test_the_wrong_passphrase_is_exit_code_3(run_json: Run, tmp_path: Path, secret: Path) -> None:
    out, wrong = tmp_path / "all.visavis", tmp_path / "wrong.txt"
    wrong.write_text("battery staple")
    run_json("gallery", "export", out, "--passphrase-file", secret)
    code, document = run_json("gallery", "import", out, "--passphrase-file", wrong)
    assert (code, document["error"]["code"]) == (3, "wrong_key")


def test_backup_and_restore(run: Run, run_json: Run, tmp_path: Path) -> None:
    out = tmp_path / "monday.db"
    code, document = run_json("gallery", "backup", out)
    assert (code, document["with_keys"]) == (0, False)
    assert document["bytes"] == out.stat().st_size
    run("subjects", "forget", "ada", "--yes")
    (Settings.load().gallery / "gallery.db").unlink()
    code, document = run_json("gallery", "restore", out)
    assert code == 0
    assert document["unreadable"] == 1
    assert ids(run_json) == ["ben"]


def test_a_backup_with_keys_makes_a_gallery_elsewhere(run_json: Run, tmp_path: Path) -> None:
    run_json("gallery", "backup", tmp_path / "all.db", "--with-keys")
    other = ("--gallery", tmp_path / "other")
    code, document = run_json("gallery", "restore", tmp_path / "all.db", *other)
    assert (code, document["unreadable"]) == (0, 0)
    assert ids(run_json, *other) == ["ada", "ben"]


def test_restore_never_makes_a_master_key(
    run: Run, run_json: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("gallery", "backup", tmp_path / "all.db", "--with-keys")
    elsewhere = tmp_path / "elsewhere" / "master.key"
    monkeypatch.setenv("VISAVIS_MASTER_KEY_FILE", str(elsewhere))
    words = ("gallery", "restore", tmp_path / "all.db", "--gallery", tmp_path / "other")
    code, document = run_json(*words)
    assert (code, document["error"]["code"]) == (3, "config")
    assert not elsewhere.exists()


def test_restore_over_a_gallery_is_refused(run_json: Run, tmp_path: Path) -> None:
    run_json("gallery", "backup", tmp_path / "all.db")
    code, document = run_json("gallery", "restore", tmp_path / "all.db")
    assert (code, document["error"]["code"]) == (3, "config")
    assert ids(run_json) == ["ada", "ben"]


def test_purge_forgets_who_has_expired(run: Run, run_json: Run, shoot: Run) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
    assert run("enrol", "cleo", shoot("cleo"), "--expires", soon).exit_code == 0
    assert run_json("gallery", "purge", "--expired")[1]["receipts"] == []
    time.sleep(1.6)
    code, document = run_json("gallery", "purge", "--expired")
    assert (code, len(document["receipts"])) == (0, 1)
    assert ids(run_json) == ["ada", "ben"]


def test_purge_of_orphans_asks_first(run: Run, run_json: Run, tmp_path: Path) -> None:
    run("gallery", "backup", tmp_path / "old.db")
    run("subjects", "forget", "ada", "--yes")
    (Settings.load().gallery / "gallery.db").unlink()
    run("gallery", "restore", tmp_path / "old.db")
    assert run_json("gallery", "info")[1]["unreadable"] == 1
    assert run("gallery", "purge", "--orphans", input="n\n").exit_code == 1
    assert run_json("gallery", "info")[1]["unreadable"] == 1
    code, document = run_json("gallery", "purge", "--orphans", "--yes")
    assert (code, document["orphans"]) == (0, 1)
    assert run_json("gallery", "info")[1]["unreadable"] == 0


def test_purge_of_nothing_in_particular_is_wrong_usage(run: Run) -> None:
    assert run("gallery", "purge").exit_code == 2


def test_reembed_without_kept_crops_is_exit_code_3(
    run_json: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = import_module("visavis.build")
    monkeypatch.setattr(build, "build_embedder", lambda settings: FakeEmbedder(model="fake-2"))
    code, document = run_json("gallery", "reembed", "--model", "fake-2")
    assert (code, document["error"]["code"]) == (3, "gallery")


def test_reembed_moves_a_collection_to_another_model(
    run: Run, run_json: Run, shoot: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = import_module("visavis.build")
    monkeypatch.setattr(build, "build_embedder", lambda settings: FakeEmbedder(16, "fake-2"))
    monkeypatch.setenv("VISAVIS_KEEP_CROPS", "1")
    where = ("--collection", "crops")
    assert run("enrol", "ada", shoot("ada"), *where).exit_code == 0
    code, document = run_json("gallery", "reembed", "--model", "fake-2", *where)
    assert (code, document) == (0, {"templates": 1, "model": "fake-2"})
    models = {c["name"]: c["model"] for c in run_json("gallery", "info")[1]["collections"]}
    assert models == {"crops": "fake-2", "default": "fake-1"}
