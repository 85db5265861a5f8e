"""doctor: what it finds, what it advises, and that it changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from visavis.cli import checks
from visavis.settings import Settings

Run = Callable[..., Any]


def line(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(check for check in document["checks"] if check["name"] == name)


def test_a_fresh_machine_is_healthy_and_left_as_it_is(run: Run, run_json: Run) -> None:
    code, document = run_json("doctor")
    assert (code, document["healthy"]) == (0, True)
    assert {c["status"] for c in document["checks"]} <= {"ok", "warn"}
    assert "embed" in line(document, "speed")["detail"]
    settings = Settings.load()
    assert not settings.gallery.exists()
    assert not settings.master_key_file.exists()
    assert "master key" in run("doctor").stdout


def test_a_key_store_in_the_gallery_is_a_warning(
    run_json: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_KEYS", str(Settings.load().gallery / "keys.db"))
    store = line(run_json("doctor")[1], "key store")
    assert store["status"] == "warn"
    assert "VISAVIS_KEYS" in store["advice"]


def test_the_default_place_of_keys_is_apart_from_the_gallery(run_json: Run) -> None:
    assert line(run_json("doctor")[1], "key store")["status"] == "ok"


def test_a_key_file_in_the_gallery_is_a_warning(
    run_json: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_GALLERY", str(tmp_path / "g"))
    monkeypatch.setenv("VISAVIS_MASTER_KEY_FILE", str(tmp_path / "g" / "master.key"))
    assert line(run_json("doctor")[1], "key file")["status"] == "warn"


def test_a_gallery_in_use(run: Run, run_json: Run, shoot: Run) -> None:
    run("enrol", "ada", shoot("ada"))
    _, document = run_json("doctor")
    assert line(document, "gallery")["detail"] == "opens: 1 collection, 1 subject"
    assert "mode 0600" in line(document, "master key")["detail"]
    assert "keys export" in line(document, "master key")["advice"]


def test_an_open_key_file_fails(run: Run, run_json: Run, shoot: Run) -> None:
    run("enrol", "ada", shoot("ada"))
    Settings.load().master_key_file.chmod(0o644)
    code, document = run_json("doctor")
    assert (code, document["healthy"]) == (3, False)
    assert "chmod 600" in line(document, "master key")["detail"]


def test_a_lost_key_fails(run: Run, run_json: Run, shoot: Run) -> None:
    run("enrol", "ada", shoot("ada"))
    Settings.load().master_key_file.unlink()
    code, document = run_json("doctor")
    assert code == 3
    assert line(document, "master key")["status"] == "fail"
    assert line(document, "gallery")["status"] == "fail"
    assert not Settings.load().master_key_file.exists()


def test_missing_weights_fail_with_advice(
    run_json: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VISAVIS_EMBEDDER", "sface-2021dec")
    monkeypatch.setenv("VISAVIS_CACHE_DIR", str(tmp_path))
    code, document = run_json("doctor")
    assert code == 3
    assert line(document, "sface-2021dec")["advice"] == "visavis models pull sface-2021dec"


def test_a_missing_package_fails(run_json: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "installed", lambda name: None if name == "numpy" else "1")
    code, document = run_json("doctor")
    assert (code, line(document, "packages")["detail"]) == (3, "missing: numpy")


@pytest.mark.parametrize(("free", "status"), [(10**6, "fail"), (5 * 10**8, "warn"), (10**12, "ok")])
def test_free_disk(run_json: Run, monkeypatch: pytest.MonkeyPatch, free: int, status: str) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda place: usage)
    assert line(run_json("doctor")[1], "disk")["status"] == status


def test_more_threads_than_cores_is_a_warning(
    run_json: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_THREADS", "4096")
    assert line(run_json("doctor")[1], "cores")["status"] == "warn"
