"""Photos on disk: sealed, private, cut shorter as they are done."""

import os
import stat
from pathlib import Path

import pytest

from visavis.errors import TamperedTemplate
from visavis.gallery.vault import DataKey
from visavis.service.database import DatabaseUnusable
from visavis.service.errors import RequestTooLarge
from visavis.service.jobs.reports import open_photos
from visavis.service.jobs.staging import Staging
from visavis.service.jobs.values import Portion

KEYS = [bytes([n]) * 32 for n in range(3)]


def portion(subject: str, *photos: bytes) -> Portion:
    names = tuple(str(i) for i in range(len(photos)))
    return Portion(subject, names, tuple((lambda p=p: p) for p in photos))


PARTS = [portion("ada", b"ada-1", b"ada-two"), portion("ben", b"ben"), portion("cay", b"")]


@pytest.fixture
def staging(tmp_path: Path) -> Staging:
    return Staging(tmp_path / "service" / "jobs")


def test_photos_come_back_under_their_own_key_alone(staging: Staging) -> None:
    places = staging.write("job", PARTS, KEYS)
    first = 0
    for part, key, place in zip(PARTS, KEYS, places, strict=True):
        sealed = staging.read("job", place)
        expected = [read() for read in part.read]
        assert open_photos(DataKey(key), sealed, "job", first) == expected
        for stranger in (b"\xff" * 32, *(k for k in KEYS if k != key)):
            with pytest.raises(TamperedTemplate):
                open_photos(DataKey(stranger), sealed, "job", first)
        with pytest.raises(TamperedTemplate):
            open_photos(DataKey(key), sealed, "other", first)
        with pytest.raises(TamperedTemplate):
            open_photos(DataKey(key), sealed, "job", first + 1)
        first += len(part.files)


def test_nobody_else_may_read_them(staging: Staging) -> None:
    staging.write("job", PARTS, KEYS)
    (path,) = staging.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(staging.folder.stat().st_mode) == 0o700
    assert b"ada-two" not in path.read_bytes()


def test_the_file_is_cut_as_portions_are_done(staging: Staging) -> None:
    places = staging.write("job", PARTS, KEYS)
    (path,) = staging.folder.iterdir()
    for done, left in ((0, (1, 2)), (1, (2,))):
        staging.cut("job", places[done].offset)
        assert path.stat().st_size == sum(sum(places[n].sizes) for n in left)
        for n in left:
            assert [len(blob) for blob in staging.read("job", places[n])] == [*places[n].sizes]
    staging.cut("job", places[2].offset)
    assert not path.exists()
    staging.cut("job", 0)
    staging.cut("job", 10)
    staging.remove("job")
    with pytest.raises(TamperedTemplate):
        staging.read("job", places[0])


def test_a_photo_that_cannot_be_read_leaves_nothing(staging: Staging) -> None:
    def broken() -> bytes:
        raise RequestTooLarge("too large")

    parts = [Portion("ada", ("1",), (broken,)), PARTS[1]]
    with pytest.raises(RequestTooLarge):
        staging.write("job", parts, KEYS[:2])
    assert not list(staging.folder.iterdir())


def test_a_disk_that_refuses(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseUnusable):
        Staging(tmp_path / "file" / "jobs").write("job", PARTS, KEYS)


def test_sweeping_takes_old_files_of_no_job(staging: Staging) -> None:
    assert staging.sweep(set(), 1e12) == 0
    for ident in ("known", "stray", "fresh"):
        staging.write(ident, PARTS, KEYS)
    draft = staging.folder / ".cut.photos.x1y2"
    draft.write_bytes(b"")
    (staging.folder / "lock").touch()
    for path in staging.folder.iterdir():
        if "fresh" not in path.name:
            os.utime(path, (1000, 1000))
    assert staging.sweep({"known"}, 2000) == 2
    assert {p.name for p in staging.folder.iterdir()} == {"known.photos", "fresh.photos", "lock"}
