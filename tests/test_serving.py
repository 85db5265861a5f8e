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


def test_webhooks_are_told_apart_and_their_secrets_are_not_shown() -> None:
    hook = {"name": "hall", "url": "https://u:p@hall.example/x", "secret": "0123456789abcdef"}
    found = Settings.load(service={"webhooks": [hook]}).service.webhooks[0]
    assert found.url.get_secret_value() == hook["url"]
    for secret in (hook["url"], hook["secret"], "u:p"):
        assert secret not in repr(found)
    with pytest.raises(ConfigError, match="different names"):
        Settings.load(service={"webhooks": [hook, hook]})


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hall.example",
        "hall.example",
        "https://",
        "file:///etc/passwd",
        "http://a b",
        "http://[",
    ],
)
def test_a_webhook_has_an_address_of_http_which_no_error_repeats(url: str) -> None:
    hook = {"name": "hall", "url": url, "secret": "0123456789abcdef"}
    with pytest.raises(ConfigError, match="expected an address of http or https") as caught:
        Settings.load(service={"webhooks": [hook]})
    assert url not in str(caught.value)


def test_a_webhook_of_a_short_secret_or_an_unknown_kind_is_refused() -> None:
    hook = {"name": "hall", "url": "https://hall.example", "secret": "0123456789abcdef"}
    for wrong in ({"secret": "short"}, {"kinds": ["seen"]}, {"name": "a/b"}, {"uri": "x"}):
        with pytest.raises(ConfigError):
            Settings.load(service={"webhooks": [{**hook, **wrong}]})
