"""keys: rotate, export, import; and where passphrases come from."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from visavis.gallery.vault import Keyring
from visavis.settings import Settings

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def enrolled(run: Run, shoot: Run) -> None:
    assert run("enrol", "ada", shoot("ada")).exit_code == 0


@pytest.fixture
def key_file() -> Path:
    return Settings.load().master_key_file


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("correct horse\nnot this line\n")
    return path


def opens(run: Run) -> bool:
    return bool(run("subjects", "show", "ada").exit_code == 0)


def test_rotate_keeps_the_old_key_behind_the_new_one(
    run: Run, run_json: Run, key_file: Path
) -> None:
    old = Keyring.load(key_file)
    code, document = run_json("keys", "rotate")
    now = Keyring.load(key_file)
    assert code == 0
    assert document["active"] == now.active_id != old.active_id
    assert document["rewrapped"] >= 1
    assert list(now.ids) == [now.active_id, old.active_id]
    assert opens(run)


def test_rotate_again_goes_on_and_retire_drops_the_old_key(
    run: Run, run_json: Run, key_file: Path
) -> None:
    new = run_json("keys", "rotate")[1]["active"]
    assert run_json("keys", "rotate")[1] == {"active": new, "rewrapped": 0, "retired": False}
    code, document = run_json("keys", "rotate", "--retire")
    assert (code, document["active"], document["retired"]) == (0, new, True)
    assert list(Keyring.load(key_file).ids) == [new]
    assert opens(run)


def test_a_key_from_the_environment_is_rotated_there(
    run: Run, run_json: Run, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Keyring.load(key_file)
    key_file.unlink()
    monkeypatch.setenv("VISAVIS_MASTER_KEY", old.dump())
    code, document = run_json("keys", "rotate")
    assert (code, document["error"]["code"]) == (3, "config")
    both = old.rotated()
    monkeypatch.setenv("VISAVIS_MASTER_KEY", both.dump())
    code, document = run_json("keys", "rotate")
    assert (code, document["active"]) == (0, both.active_id)
    monkeypatch.setenv("VISAVIS_MASTER_KEY", both.only_active().dump())
    assert opens(run)
    assert not key_file.exists()


def test_lost_keys_come_back_from_an_export(
    run: Run, run_json: Run, tmp_path: Path, key_file: Path, secret: Path
) -> None:
    out = tmp_path / "keys.visavis"
    code, document = run_json("keys", "export", out, "--passphrase-file", secret)
    assert code == 0
    assert document["data_keys"] >= 1
    assert out.stat().st_mode & 0o077 == 0
    key_file.unlink()
    shutil.rmtree(Settings.load().key_store.parent)
    assert not opens(run)
    key_file.unlink(missing_ok=True)
    code, document = run_json("keys", "import", out, "--passphrase-file", secret)
    assert (code, document["master_key"]) == (0, "written")
    assert document["restored"] >= 1
    assert opens(run)


def test_an_import_never_replaces_another_master_key(
    run_json: Run, tmp_path: Path, key_file: Path, secret: Path
) -> None:
    out = tmp_path / "keys.visavis"
    run_json("keys", "export", out, "--passphrase-file", secret)
    shutil.rmtree(Settings.load().key_store.parent)
    key_file.unlink()
    other = Keyring.create(key_file)
    code, document = run_json("keys", "import", out, "--passphrase-file", secret)
    assert (code, document["error"]["code"]) == (3, "config")
    assert Keyring.load(key_file).active_id == other.active_id


def test_master_only_leaves_out_the_subjects_keys(
    run_json: Run, tmp_path: Path, secret: Path
) -> None:
    words = ("keys", "export", tmp_path / "k", "--master-only", "--passphrase-file", secret)
    assert run_json(*words)[1]["data_keys"] == 0


def test_an_export_is_never_overwritten(run_json: Run, tmp_path: Path, secret: Path) -> None:
    words = ("keys", "export", tmp_path / "k", "--passphrase-file", secret)
    assert run_json(*words)[0] == 0
    assert run_json(*words)[0] == 3


class TestPassphrase:
    def test_is_asked_for_twice_on_stderr(self, run: Run, tmp_path: Path) -> None:
        words = ("keys", "export", tmp_path / "k", "--passphrase")
        assert run(*words, input="one\ntwo\none\none\n").exit_code == 0
        assert run("keys", "import", tmp_path / "k", "--passphrase", input="one\n").exit_code == 0
        assert run("keys", "import", tmp_path / "k", "--passphrase", input="two\n").exit_code == 3

    def test_comes_from_the_environment(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VISAVIS_PASSPHRASE", "correct horse")
        assert run("keys", "export", tmp_path / "k").exit_code == 0
        assert run("keys", "import", tmp_path / "k").exit_code == 0

    def test_a_file_comes_before_the_environment(
        self, run: Run, tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run("keys", "export", tmp_path / "k", "--passphrase-file", secret)
        monkeypatch.setenv("VISAVIS_PASSPHRASE", "battery staple")
        assert run("keys", "import", tmp_path / "k", "--passphrase-file", secret).exit_code == 0

    @pytest.mark.parametrize("value", [None, ""])
    def test_missing_or_empty_is_wrong_usage(
        self, run: Run, tmp_path: Path, value: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if value is not None:
            monkeypatch.setenv("VISAVIS_PASSPHRASE", value)
        assert run("keys", "export", tmp_path / "k").exit_code == 2
        assert not (tmp_path / "k").exists()

    def test_is_never_an_argument(self, run: Run, tmp_path: Path) -> None:
        assert run("keys", "export", tmp_path / "k", "--passphrase", "one").exit_code == 2
