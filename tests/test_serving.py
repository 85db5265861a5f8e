"""How the service is run: defaults that keep to this machine, and what is refused."""

from pathlib import Path

import pytest

from visavis.errors import ConfigError
from visavis.serving import ServiceSettings
from visavis.settings import Settings


def test_by_default_nobody_else_can_reach_it() -> None:
    found = ServiceSettings()
    assert found.host == "127.0.0.1"
    assert not found.public
    assert found.cors_origins == ()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_any_other_address_is_public(host: str) -> None:
    assert ServiceSettings(host=host).public


@pytest.mark.parametrize("front", [{"proxies": "127.0.0.1"}, {"hosts": ("faces.example",)}])
def test_so_is_this_machine_behind_a_proxy(front: dict[str, object]) -> None:
    found = ServiceSettings(**front)
    assert found.public
    assert not found.exposed


def test_half_of_tls_is_refused() -> None:
    with pytest.raises(ConfigError, match="both tls_cert and tls_key"):
        Settings.load(service={"tls_cert": Path("cert.pem")})


def test_the_environment_reaches_it_and_flags_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_SERVICE__PORT", "9000")
    monkeypatch.setenv("VISAVIS_SERVICE__RATE", "5")
    found = Settings.load(service={"port": 9001}).service
    assert (found.port, found.rate) == (9001, 5)


def test_a_misspelt_setting_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"service\.prot"):
        Settings.load(service={"prot": 9000})


def test_a_burst_holds_the_largest_batch() -> None:
    with pytest.raises(ConfigError, match="burst"):
        Settings.load(service={"burst": 10, "max_images": 64})
