"""Which source an address opens."""

from pathlib import Path

import pytest

from visavis.errors import BadStream, MissingExtra
from visavis.video.address import Address
from visavis.video.decoded import Decoded
from visavis.video.folder import Folder
from visavis.video.mjpeg import Mjpeg
from visavis.video.sources import open_source, require_extra


def test_each_kind(tmp_path: Path) -> None:
    kinds = {str(tmp_path): Folder, "rtsp://camera/x": Decoded, "0": Decoded}
    kinds |= {"http://camera/x": Mjpeg, str(tmp_path / "a.mp4"): Decoded}
    for text, kind in kinds.items():
        assert type(open_source(text)) is kind
        assert type(open_source(Address.parse(text))) is kind
    assert [open_source(text).live for text in kinds] == [False, True, True, True, False]


def test_no_address(tmp_path: Path) -> None:
    with pytest.raises(BadStream):
        open_source("gopher://camera")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(MissingExtra, match=r"visavis\[video\]"):
        open_source("rtsp://camera/x")
    assert open_source("http://camera/x").live


@pytest.mark.parametrize("missing", ["av", "scipy"])
def test_what_is_missing_is_said_before_work_begins(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_extra("watching")
    monkeypatch.setattr(
        "visavis.video.sources.find_spec", lambda name: None if name == missing else object()
    )
    with pytest.raises(MissingExtra, match=r"watching needs an extra.*visavis\[video\]"):
        require_extra("watching")
