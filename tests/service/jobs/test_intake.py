"""Archives and paths: what is taken, and what nobody could want."""

import random
import stat
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest

from visavis.errors import InputError
from visavis.service.errors import RequestTooLarge
from visavis.service.jobs.intake import BadArchive, from_archive, from_files
from visavis.service.jobs.limits import JobLimits
from visavis.service.jobs.values import Portion

Zipped = Callable[..., bytes]


def photos(portions: tuple[Portion, ...]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for portion in portions:
        assert len(portion.files) == len(portion.read)
        found.setdefault(portion.subject, []).extend(read() for read in portion.read)
    return found


def test_one_folder_is_one_subject(zipped: Zipped, limits: JobLimits) -> None:
    data = zipped({"ada/1.jpg": b"a1", "ben/x.png": b"b", "ada/2.jpg": b"a2"})
    assert photos(from_archive(data, limits)) == {"ada": [b"a1", b"a2"], "ben": [b"b"]}


def test_a_folder_around_all_others_is_looked_through(zipped: Zipped, limits: JobLimits) -> None:
    data = zipped({"staff/ada/1.jpg": b"a", "staff/ben/1.jpg": b"b"})
    assert photos(from_archive(data, limits)) == {"ada": [b"a"], "ben": [b"b"]}
    mixed = zipped({"staff/ada/1.jpg": b"a", "ben/1.jpg": b"b"})
    with pytest.raises(BadArchive):
        from_archive(mixed, limits)


def test_hidden_files_and_folders_are_left_out(zipped: Zipped, limits: JobLimits) -> None:
    files = {"ada/1.jpg": b"a", "ada/.DS_Store": b"x", "__MACOSX/ada/._1.jpg": b"x", "ada/": b""}
    assert photos(from_archive(zipped(files), limits)) == {"ada": [b"a"]}
    with pytest.raises(BadArchive, match="found none"):
        from_archive(zipped({"ada/.hidden": b"x"}), limits)


def test_a_subject_with_many_photos_comes_in_portions(limits: JobLimits) -> None:
    found = from_files([(f"ada/{i}", b"x") for i in range(10)], limits)
    assert [(p.subject, len(p.files)) for p in found] == [("ada", 4), ("ada", 4), ("ada", 2)]
    small = JobLimits(photo_bytes=100, total_bytes=1000, portion_bytes=150)
    found = from_files([(f"ada/{i}", b"x" * 100) for i in range(3)], small)
    assert [len(p.files) for p in found] == [1, 1, 1]


@pytest.mark.parametrize(
    "path",
    [
        "1.jpg",
        "../ada/1.jpg",
        "../1.jpg",
        "../../etc/passwd",
        "/ada/1.jpg",
        "/etc/passwd",
        "ada/../1.jpg",
        "ada/..",
        "./1.jpg",
        "ada\\1.jpg",
        "C:\\ada\\1.jpg",
        "a/b/c/1.jpg",
        "ada\x07/1.jpg",
        "ada/1\n.jpg",
        f"{'a' * 201}/1.jpg",
        f"ada/{'a' * 300}.jpg",
    ],
)
def test_odd_paths_are_refused(path: str, zipped: Zipped, limits: JobLimits) -> None:
    with pytest.raises(BadArchive):
        from_archive(zipped({path: b"x"}), limits)
    with pytest.raises(BadArchive):
        from_archive(zipped({"ben/1.jpg": b"x", path: b"x"}), limits)
    with pytest.raises(BadArchive):
        from_files([(path, b"x")], limits)


@pytest.mark.parametrize("path", ["", "ada", "ada/", "/"])
def test_files_without_a_subject_are_refused(path: str, limits: JobLimits) -> None:
    with pytest.raises(BadArchive):
        from_files([(path, b"x")], limits)


def test_one_path_twice_is_refused(limits: JobLimits) -> None:
    with pytest.raises(BadArchive, match="once"):
        from_files([("ada/1", b"x"), ("ada/1", b"y")], limits)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_are_refused(kind: int, limits: JobLimits) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("ada/1.jpg")
        info.external_attr = (kind | 0o644) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(BadArchive, match="link"):
        from_archive(buffer.getvalue(), limits)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_costly_packing_is_refused(method: int, zipped: Zipped, limits: JobLimits) -> None:
    with pytest.raises(BadArchive, match="deflate"):
        from_archive(zipped({"ada/1.jpg": b"x" * 100}, method), limits)


def test_a_password_is_refused(zipped: Zipped, limits: JobLimits) -> None:
    data = bytearray(zipped({"ada/1.jpg": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BadArchive, match="password"):
        from_archive(bytes(data), limits)


def test_names_in_utf_8_need_not_say_so(zipped: Zipped, limits: JobLimits) -> None:
    data = zipped({"zoë/1.jpg": b"z"})
    assert photos(from_archive(data, limits)) == {"zoë": [b"z"]}
    assert photos(from_archive(_without_flag(data), limits)) == {"zoë": [b"z"]}
    with pytest.raises(BadArchive, match="UTF-8"):
        from_archive(_without_flag(data).replace("ë".encode(), b"\x89\x20"), limits)


def _without_flag(data: bytes) -> bytes:
    """The zip as programs write it that do not flag UTF-8."""
    changed = bytearray(data)
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.index(sign) + place
        flags = struct.unpack_from("<H", changed, at)[0]
        struct.pack_into("<H", changed, at, flags & ~0x800)
    return bytes(changed)


def test_bombs_are_refused_before_they_are_unpacked(zipped: Zipped, limits: JobLimits) -> None:
    data = zipped({"ada/1.jpg": bytes(50_000_000)})
    assert len(data) < 100_000
    with pytest.raises(RequestTooLarge, match="1000000 bytes"):
        from_archive(data, limits)
    many = zipped({f"ada/{i}.jpg": bytes(900_000) for i in range(12)})
    with pytest.raises(RequestTooLarge, match="10000000 bytes"):
        from_archive(many, limits)


def test_an_archive_that_understates_its_size_is_refused(zipped: Zipped, limits: JobLimits) -> None:
    data = bytearray(zipped({"ada/1.jpg": bytes(50_000_000)}))
    for sign, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(sign) + place, 1000)
    (portion,) = from_archive(bytes(data), limits)
    with pytest.raises(BadArchive):
        portion.read[0]()


def test_too_many_photos_are_refused(zipped: Zipped, limits: JobLimits) -> None:
    with pytest.raises(RequestTooLarge, match="at most 50 photos"):
        from_archive(zipped({f"ada/{i}": b"x" for i in range(51)}), limits)
    with pytest.raises(RequestTooLarge, match="at most 50 photos"):
        from_files([(f"ada/{i}", b"x") for i in range(51)], limits)


def test_a_huge_directory_is_refused_before_it_is_read(
    limits: JobLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZipFile", None)  # to call it would be an error
    with pytest.raises(RequestTooLarge):
        from_archive(b"PK\x01\x02" * 1000, limits)


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all", b"\xff\xd8\xff" * 100])
def test_what_is_no_zip_is_refused(data: bytes, limits: JobLimits) -> None:
    with pytest.raises(BadArchive):
        from_archive(data, limits)


def test_damaged_archives_raise_nothing_else(zipped: Zipped, limits: JobLimits) -> None:
    whole = zipped({"ada/1.jpg": b"a" * 50, "zoë/2.jpg": bytes(range(200)), "ben/3.jpg": b""})
    rng = random.Random(7)
    refused = 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        cut = bytes(data[: rng.randint(1, len(data))] if rng.random() < 0.2 else data)
        try:
            photos(from_archive(cut, limits))
        except InputError:
            refused += 1
    assert refused > 100
