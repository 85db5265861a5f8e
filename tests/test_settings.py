from pathlib import Path

import pytest

from visavis.errors import ConfigError
from visavis.settings import Settings, config_file


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("VISAVIS_CONFIG", str(path))
    return path


def test_defaults_need_nothing() -> None:
    settings = Settings.load()
    assert (settings.collection, settings.runtime, settings.fmr) == ("default", "onnxruntime", 1e-4)
    assert settings.policy.fmr == 1e-4


def test_a_flag_beats_the_environment_which_beats_the_file(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("fmr = 0.1\nfpir = 0.2\nmargin = 0.3\n")
    monkeypatch.setenv("VISAVIS_FPIR", "0.02")
    monkeypatch.setenv("VISAVIS_MARGIN", "0.03")
    settings = Settings.load(margin=0.003, fmr=None)
    assert (settings.fmr, settings.fpir, settings.margin) == (0.1, 0.02, 0.003)


def test_quality_limits_come_from_a_table_of_the_file(config: Path) -> None:
    config.write_text("[limits]\nmin_size = 40\n")
    limits = Settings.load().policy.limits
    assert limits.min_size == 40
    assert limits.max_yaw == 75


@pytest.mark.parametrize(
    ("text", "named"), [("typo = 1", "typo"), ('runtime = "x"', "runtime"), ("a =", "config.toml")]
)
def test_what_is_wrong_is_named(config: Path, text: str, named: str) -> None:
    config.write_text(text)
    with pytest.raises(ConfigError, match=named):
        Settings.load()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_MASTER_KEY", "secret-value")
    assert "secret-value" not in repr(Settings.load())


def test_keys_lie_beside_the_gallery_unless_put_elsewhere(tmp_path: Path) -> None:
    home = tmp_path / "people"
    assert Settings.load(gallery=home).key_store == tmp_path / "people-keys" / "keys.db"
    assert Settings.load(gallery=home, keys=tmp_path / "k").key_store == tmp_path / "k"


def test_the_config_file_is_the_users_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISAVIS_CONFIG", raising=False)
    assert config_file().name == "config.toml"
