from pathlib import Path

import pytest

from visavis.errors import ConfigError
from visavis.settings import Settings, config_file
from visavis.targets import LiveTarget


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


def test_liveness_is_off_unless_asked_for() -> None:
    settings = Settings.load()
    assert (settings.liveness, settings.check, settings.live.bpcer) == ("off", "auto", 0.05)
    assert settings.policy.liveness == "off"


def test_the_liveness_target_is_the_policys() -> None:
    policy = Settings.load(liveness="require", apcer=0.02).policy
    assert policy.liveness == "require"
    assert policy.live == LiveTarget(apcer=0.02)


def test_a_flag_for_the_target_beats_another_kind_in_the_file(config: Path) -> None:
    config.write_text("bpcer = 0.02\n")
    assert Settings.load().live == LiveTarget(bpcer=0.02)
    assert Settings.load(apcer=0.01).live == LiveTarget(apcer=0.01)
    assert Settings.load(live_threshold=0.9).live == LiveTarget(threshold=0.9)


@pytest.mark.parametrize(
    "flags", [{"bpcer": 0.1, "apcer": 0.1}, {"bpcer": 0.0}, {"live_threshold": 1.0}]
)
def test_a_liveness_target_that_is_none_is_refused(flags: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        Settings.load(**flags)


def test_two_targets_in_the_file_are_refused(config: Path) -> None:
    config.write_text("bpcer = 0.02\napcer = 0.02\n")
    with pytest.raises(ConfigError, match="expected one of bpcer, apcer and threshold"):
        Settings.load()
