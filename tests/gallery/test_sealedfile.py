from io import BytesIO

import pytest

from visavis.errors import ConfigError, TamperedTemplate, WrongKey
from visavis.gallery import sealedfile
from visavis.gallery.sealedfile import SealedReader, SealedWriter


@pytest.fixture(autouse=True)
def small_and_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealedfile, "COSTS", {"iterations": 1, "lanes": 1, "memory_cost": 8})
    monkeypatch.setattr(sealedfile, "CHUNK", 10)


def written(*lines: bytes, passphrase: str = "p") -> bytes:
    file = BytesIO()
    writer = SealedWriter(file, passphrase)
    for line in lines:
        writer.write(line + b"\n")
    writer.close()
    return file.getvalue()


def read(data: bytes, passphrase: str = "p") -> list[bytes]:
    return list(SealedReader(BytesIO(data), passphrase).lines())


@pytest.mark.parametrize(
    "lines", [[], [b""], [b"one"], [b"nine char"], [b"x" * 95, b"", b"y" * 10], [b"ab"] * 40]
)
def test_gives_back_what_was_written(lines: list[bytes]) -> None:
    assert read(written(*lines)) == lines


def test_reads_more_than_once() -> None:
    reader = SealedReader(BytesIO(written(b"a" * 30, b"b")), "p")
    assert list(reader.lines()) == list(reader.lines()) == [b"a" * 30, b"b"]


def test_a_cut_after_a_whole_line_is_seen() -> None:
    """Each line fills a chunk, so that only the mark of the last chunk tells."""
    data = written(b"123456789", b"abcdefghi", b"the end")
    header = data.index(b"\n") + 1
    chunk = 4 + 10 + sealedfile.TAG
    for count in (1, 2):
        with pytest.raises((WrongKey, TamperedTemplate)):
            read(data[: header + count * chunk])
    assert len(data) == header + 2 * chunk + 4 + 8 + sealedfile.TAG


def test_one_file_s_chunks_do_not_fit_into_another() -> None:
    one, two = written(b"123456789", b"x"), written(b"abcdefghi", b"x")
    at = len(one) - (4 + 2 + sealedfile.TAG)
    with pytest.raises(TamperedTemplate, match="chunk 1"):
        read(one[:at] + two[at:])


def test_passphrases_are_compared_as_people_write_them() -> None:
    assert read(written(b"a", passphrase="ne\u0301e"), "n\u00e9e") == [b"a"]
    with pytest.raises(WrongKey):
        read(written(b"a"), "q")
    with pytest.raises(ConfigError, match="empty"):
        written(passphrase="")
