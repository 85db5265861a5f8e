"""serve, and demo --serve: what is handed to the service, and what is told."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from visavis.build import build_recognizer
from visavis.settings import Settings

Run = Callable[..., Any]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that came to the service, which is not run but says that it is ready."""
    found: list[Settings] = []

    def serve(settings: Settings, ready: Callable[[str], None]) -> None:
        found.append(settings)
        ready(f"http://{settings.service.host}:{settings.service.port}")

    monkeypatch.setattr(import_module("visavis.service.run"), "serve", serve)
    return found


def test_options_reach_the_service(run: Run, served: list[Settings], tmp_path: Path) -> None:
    options = ("--port", 9000, "--workers", 3, "--no-ui", "--log-format", "json", "--fmr", 1e-5)
    result = run("serve", "--gallery", tmp_path / "g", "--liveness", "require", *options)
    assert result.exit_code == 0, result.output
    [found] = served
    assert (found.service.port, found.service.workers, found.service.ui) == (9000, 3, False)
    assert (found.service.log_format, found.fmr, found.liveness) == ("json", 1e-5, "require")
    assert "http://127.0.0.1:9000/v1" in result.stderr
    assert "/ui" not in result.stderr


def test_what_is_not_said_is_as_it_was_set(
    run: Run, served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_SERVICE__PORT", "9100")
    assert run("serve", "--host", "localhost").exit_code == 0
    assert (served[0].service.host, served[0].service.port) == ("localhost", 9100)


def test_half_of_tls_is_bad_input(run: Run, served: list[Settings]) -> None:
    result = run("serve", "--tls-cert", "cert.pem")
    assert result.exit_code != 0
    assert "tls_key" in result.output
    assert served == []


def test_the_demonstration_serves_everybody_it_enrolled(
    run: Run, served: list[Settings], staff: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people: list[str] = []
    serve = import_module("visavis.service.run").serve

    def look(settings: Settings, ready: Callable[[str], None]) -> None:
        with build_recognizer(settings) as recognizer:
            people.extend(subject.id for subject in recognizer.subjects())
        serve(settings, ready)

    monkeypatch.setattr(import_module("visavis.service.run"), "serve", look)
    result = run("demo", "--photos", staff, "--out", tmp_path / "out", "--serve")
    assert result.exit_code == 0, result.output
    assert len(people) > 0
    assert not served[0].gallery.exists()
    assert "http://127.0.0.1:8600/ui" in result.stderr
