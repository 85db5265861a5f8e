"""Running the service: who may be reached by whom, and models that are warm."""

import socket
import threading
import time
from dataclasses import replace
from http.client import HTTPConnection
from importlib import import_module
from pathlib import Path

import pytest

from visavis.errors import ConfigError
from visavis.service.apikeys import Scope
from visavis.service.run import address, check_address, warm_up
from visavis.service.state import Services
from visavis.serving import ServiceSettings
from visavis.settings import Settings


def on(services: Services, **service: object) -> Services:
    settings = services.settings
    found = settings.service.model_copy(update=service)
    return replace(services, settings=settings.model_copy(update={"service": found}))


def test_this_machine_needs_no_key(services: Services) -> None:
    check_address(services)


def test_others_need_one_and_are_told_how_to_make_it(services: Services) -> None:
    public = on(services, host="0.0.0.0")
    with pytest.raises(ConfigError, match="visavis apikeys create"):
        check_address(public)
    services.keys.create("door", [Scope.IDENTIFY])
    check_address(public)


def test_a_revoked_key_is_none(services: Services) -> None:
    key, _ = services.keys.create("door", [Scope.IDENTIFY])
    services.keys.revoke(key.id)
    with pytest.raises(ConfigError):
        check_address(on(services, host="0.0.0.0"))


def test_keys_in_the_clear_are_warned_of(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    services.keys.create("door", [Scope.IDENTIFY])
    check_address(on(services, host="0.0.0.0"))
    assert "in the clear" in caplog.text
    caplog.clear()
    check_address(on(services, host="0.0.0.0", tls_cert=Path("a"), tls_key=Path("b")))
    assert caplog.text == ""


def test_every_model_runs_once_before_it_is_asked(services: Services) -> None:
    warm_up(services)
    told = services.metrics.render().decode()
    for stage in ("detect", "embed", "liveness"):
        assert f'visavis_stage_seconds_count{{stage="{stage}"}} 1.0' in told


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "http://127.0.0.1:8600"),
        ({"host": "::1", "port": 90}, "http://[::1]:90"),
        ({"tls_cert": Path("a"), "tls_key": Path("b")}, "https://127.0.0.1:8600"),
    ],
)
def test_the_address_is_a_url(settings: dict[str, object], expected: str) -> None:
    assert address(ServiceSettings(**settings)) == expected


def test_it_serves_until_it_is_told_to_stop(
    services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of `serve` but for signals, which only a main thread gets."""
    run = import_module("visavis.service.run")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    here = on(services, port=port)
    monkeypatch.setattr(run, "open_services", lambda asked: here)
    monkeypatch.setattr(run, "configure", lambda *words: None)
    servers: list[object] = []
    make = run.Server
    monkeypatch.setattr(run, "Server", lambda *given: servers.append(make(*given)) or servers[-1])
    told: list[str] = []
    thread = threading.Thread(target=run.serve, args=(here.settings, told.append))
    thread.start()
    try:
        assert _status(port) == 200
        assert told == [f"http://127.0.0.1:{port}"]
    finally:
        servers[0].should_exit = True  # type: ignore[attr-defined]
        thread.join(20)
    assert not thread.is_alive()


def _status(port: int) -> int:
    for _ in range(500):
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    return 0
