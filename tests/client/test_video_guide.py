"""What the guide on video says of sightings runs, block after block, against the real service."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sighted import entered, later
from visavis.gallery.sighting import Kind
from visavis.service.sightings.signing import signature
from visavis.service.state import Services

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "video.md"
Png = Callable[..., bytes]


def blocks(language: str) -> list[str]:
    _, _, section = GUIDE.read_text().partition("\n## Sightings\n")
    section = re.split(r"^## ", section, flags=re.MULTILINE)[0]
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


@pytest.fixture
def names(
    url: str, services: Services, png: Png, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """What the blocks have defined, with somebody seen at the door before."""
    recognizer = services.recognizers.of("default")
    recognizer.enrol("ada", [png("ada")])
    first = entered("ada", shot=np.full((8, 6, 3), 90, np.uint8))
    recognizer.collection.sightings.note([first, later(first, Kind.LEFT, 30)])
    found: dict[str, Any] = {}
    for block in blocks("py"):
        text = block.replace("http://127.0.0.1:8600", url)
        exec(compile(text, str(GUIDE), "exec"), found)
    return found


def test_what_is_asked_and_what_comes(
    names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    said = capsys.readouterr().out.splitlines()
    assert said == ["ada ('entered', 'left')", "1 entered ada", "2 left ada"]
    assert names["jpeg"].startswith(b"\xff\xd8")


def test_a_signature_is_known_and_nothing_else(names: dict[str, Any]) -> None:
    genuine = names["genuine"]
    secret, body = "0123456789abcdef", b'{"seq": 1}'
    signed = signature(secret, 1000, body)
    assert genuine(secret, signed, body, now=1300)
    assert not genuine(secret, signed, body, now=1301)
    assert not genuine(secret, signed, body + b" ", now=1000)
    assert not genuine("another secret", signed, body, now=1000)
    assert not genuine(secret, signed.replace("t=1000", "t=1001"), body, now=1000)
    for wrong in ("", "x", "t=1000", "t=x,v1=y", "v1=\u00e9,t=1000"):
        assert not genuine(secret, wrong, body, now=1000)


def test_the_settings_are_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from visavis.settings import Settings

    (block,) = blocks("toml")
    (tmp_path / "config.toml").write_text(block)
    monkeypatch.setenv("VISAVIS_CONFIG", str(tmp_path / "config.toml"))
    (hook,) = Settings.load().service.webhooks
    assert (hook.name, hook.collections, hook.kinds) == ("hall", ("staff",), ("entered", "left"))
