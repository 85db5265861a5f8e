import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from visavis.datasets.archive import ArchiveLimits, unpack
from visavis.errors import BadDataset

FILES = {"lfw/Ada/1.jpg": b"one", "lfw/Ben/1.jpg": b"two", "readme.txt": b"hello"}


def tar(path: Path, files, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w") as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in members:
            archive.addfile(member)
    return path


def zipped(path: Path, files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def left_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.mark.parametrize("name", ["a.tgz", "a.tar", "a.zip"])
def test_all_files_arrive(tmp_path, out, name: str) -> None:
    make = zipped if name.endswith("zip") else tar
    made = unpack(make(tmp_path / name, FILES.items()), out)
    assert made == (out / "lfw", out / "readme.txt")
    assert {n: (out / n).read_bytes() for n in FILES} == FILES
    assert left_in(out) == ["lfw", "readme.txt"]


def test_folders_of_the_archive_are_no_obstacle(tmp_path, out) -> None:
    folder = special("lfw", tarfile.DIRTYPE)
    assert unpack(tar(tmp_path / "a.tgz", FILES.items(), folder), out)[0] == out / "lfw"


@pytest.mark.parametrize("name", ["../x.jpg", "/x.jpg", "a/../../x.jpg", "C:x.jpg", "a\\x.jpg"])
@pytest.mark.parametrize("kind", ["a.tar", "a.zip"])
def test_ways_out_are_refused_and_nothing_stays(tmp_path, out, name: str, kind: str) -> None:
    make = zipped if kind.endswith("zip") else tar
    archive = make(tmp_path / kind, [("ok.jpg", b"1"), (name, b"2")])
    with pytest.raises(BadDataset, match="inside the archive"):
        unpack(archive, out)
    assert left_in(out) == []
    assert left_in(tmp_path) == sorted([kind, "out"])


@pytest.mark.parametrize(
    "member",
    [
        special("link", tarfile.SYMTYPE, "/etc/passwd"),
        special("hard", tarfile.LNKTYPE, "lfw/Ada/1.jpg"),
        special("pipe", tarfile.FIFOTYPE),
        special("device", tarfile.CHRTYPE),
    ],
    ids=lambda m: m.name,
)
def test_links_and_devices_are_refused(tmp_path, out, member: tarfile.TarInfo) -> None:
    with pytest.raises(BadDataset, match="link or device"):
        unpack(tar(tmp_path / "a.tar", FILES.items(), member), out)
    assert left_in(out) == []


def test_a_link_in_a_zip_is_refused(tmp_path, out) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(BadDataset, match="link or device"):
        unpack(zipped(tmp_path / "a.zip", [(link, b"/etc/passwd")]), out)


@pytest.mark.parametrize("kind", ["a.tgz", "a.zip"])
def test_bombs_are_stopped_by_what_they_give(tmp_path, out, kind: str) -> None:
    make = zipped if kind.endswith("zip") else tar
    archive = make(tmp_path / kind, [("a", b"0" * 600_000), ("b", b"0" * 600_000)])
    with pytest.raises(BadDataset, match="limit of bytes"):
        unpack(archive, out, ArchiveLimits(max_bytes=1_000_000))
    assert left_in(out) == []
    assert len(unpack(archive, out, ArchiveLimits(max_bytes=1_200_000))) == 2


def test_too_many_files_are_refused(tmp_path, out) -> None:
    with pytest.raises(BadDataset, match="at most 2 files"):
        unpack(tar(tmp_path / "a.tgz", FILES.items()), out, ArchiveLimits(max_files=2))


def test_one_name_twice_is_refused(tmp_path, out) -> None:
    with pytest.raises(BadDataset, match="again"):
        unpack(tar(tmp_path / "a.tgz", [("a", b"1"), ("a", b"2")]), out)
    with pytest.raises(BadDataset, match="again"):
        unpack(tar(tmp_path / "b.tgz", [("a", b"1"), ("a/b", b"2")]), out)


@pytest.mark.parametrize("kind", ["a.tgz", "a.zip"])
def test_broken_archives_are_refused(tmp_path, out, kind: str) -> None:
    make = zipped if kind.endswith("zip") else tar
    archive = make(tmp_path / kind, [("a", bytes(range(256)) * 100)])
    whole = archive.read_bytes()
    for broken in (whole[: len(whole) // 2], b"no archive at all", b""):
        archive.write_bytes(broken)
        with pytest.raises(BadDataset, match=r"whole archive|found none"):
            unpack(archive, out)
        assert left_in(out) == []


def test_what_is_there_is_not_written_over(tmp_path, out) -> None:
    archive = tar(tmp_path / "a.tgz", FILES.items())
    (out / "lfw").mkdir(parents=True)
    with pytest.raises(BadDataset, match="move it away"):
        unpack(archive, out)
    assert left_in(out) == ["lfw"]
