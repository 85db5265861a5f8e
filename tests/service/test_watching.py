import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from visavis.errors import WrongKey
from visavis.service.watching import Component, Finding, Probe, Readiness, disk_left, workers_free


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def fails(error: Exception) -> Callable[[], str]:
    def probe() -> str:
        raise error

    return probe


@pytest.mark.parametrize(
    ("found", "ok", "detail"),
    [
        ("3 collections", True, "3 collections"),
        (True, True, ""),
        (False, False, "failed"),
        (None, True, ""),
        (["a", "secret"], True, ""),
        (Finding(False, "full"), False, "full"),
        (Finding(True, "fine"), True, "fine"),
    ],
)
def test_what_a_probe_gives_becomes_a_component(found: object, ok: bool, detail: str) -> None:
    assert Readiness({"part": lambda: found}).check() == (Component("part", ok, detail),)


@pytest.mark.parametrize(
    ("error", "code"),
    [(WrongKey("the key of /home/ada"), "wrong_key"), (OSError("/home/ada"), "internal")],
)
def test_an_exception_is_told_by_its_code_alone(error: Exception, code: str) -> None:
    parts = Readiness({"gallery": fails(error), "models": lambda: True}).check()
    assert parts == (Component("gallery", False, code), Component("models", True, ""))


def test_the_service_is_ready_when_every_part_is() -> None:
    works = {"one": True, "two": False}
    readiness = Readiness({"one": lambda: works["one"], "two": lambda: works["two"]})
    assert not readiness.ready
    works["two"] = True
    assert readiness.ready
    assert Readiness({}).ready


def test_the_log_hears_of_changes_once(caplog: pytest.LogCaptureFixture) -> None:
    probes: list[Probe] = [fails(OSError("gone"))] * 2 + [lambda: True] * 2
    probes += [lambda: Finding(False, "full")]
    states = iter(probes)
    readiness = Readiness({"disk": lambda: next(states)()})
    with caplog.at_level(logging.INFO, logger="visavis.service"):
        for _ in range(5):
            readiness.check()
    told = [(r.levelname, bool(r.exc_info)) for r in caplog.records]
    assert told == [("ERROR", True), ("INFO", False), ("ERROR", False)]


@pytest.mark.parametrize(("free", "ok"), [(500_000_000, True), (499_999_999, False)])
def test_the_disk_must_have_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, ok: bool
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**12, 0, free))
    [part] = Readiness({"disk": disk_left(tmp_path, 500)}).check()
    assert part == Component("disk", ok, "500 MB left, 500 needed")


def test_a_folder_that_is_gone_is_no_room(tmp_path: Path) -> None:
    [part] = Readiness({"disk": disk_left(tmp_path / "gone", 1)}).check()
    assert part == Component("disk", False, "internal")
    assert Readiness({"disk": disk_left(tmp_path, 0)}).ready


@pytest.mark.parametrize(
    ("waiting", "most", "ok"), [(0, 4, True), (3, 4, True), (4, 4, False), (9, 0, True)]
)
def test_workers_must_have_room_in_their_queue(waiting: int, most: int, ok: bool) -> None:
    assert Readiness({"workers": workers_free(lambda: waiting, most)}).ready is ok
