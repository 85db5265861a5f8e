"""ui: the service with its pages, and where they are."""

import pytest
from typer.testing import CliRunner

pytest.importorskip("uvicorn")
pytest.importorskip("gradio")

from visavis.cli import ui
from visavis.service import run
from visavis.settings import Settings


def test_it_serves_the_pages_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Settings] = []

    def serve(settings: Settings, ready: object) -> None:
        served.append(settings)
        ready("http://127.0.0.1:9000")  # type: ignore[operator]

    monkeypatch.setattr(run, "serve", serve)
    done = CliRunner().invoke(ui.app, ["--port", "9000", "--collection", "staff"])
    assert done.exit_code == 0
    assert "http://127.0.0.1:9000/ui" in done.stderr
    [settings] = served
    assert (settings.service.port, settings.service.ui, settings.collection) == (
        9000,
        True,
        "staff",
    )
