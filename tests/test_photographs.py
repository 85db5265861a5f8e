"""Every picture that is published is listed with its licence, so that none slips in."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from visavis.errors import InputError
from visavis.report.document import Photograph

ROOT = Path(__file__).parents[1]
RASTER = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic"}
MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*")
DATA = re.compile(r"data:image/[^,\s]*,[\w+/=%-]*", re.IGNORECASE)


def published(root: Path) -> list[Path]:
    """The README and all below docs/."""
    docs = sorted(p for p in (root / "docs").rglob("*") if p.is_file() and _visible(p, root))
    return [*root.glob("README*"), *docs]


def _visible(path: Path, root: Path) -> bool:
    return not any(p.startswith((".", "__")) for p in path.relative_to(root).parts)


def allowed(root: Path) -> set[str]:
    """Digests of all lists named photographs.json; raises InputError for another licence."""
    digests = set()
    for path in (root / "docs").rglob("photographs.json"):
        for entry in json.loads(path.read_text()):
            assert entry["credit"], f"{path}: {entry['file']} without credit"
            Photograph(entry["file"], b"", "", "", entry["licence"], entry["credit"])
            digests.add(entry["sha256"])
    return digests


def pictures(path: Path) -> Iterator[tuple[str, str]]:
    """Digest and place of each raster picture that a file is or holds; "" where it cannot be."""
    data = path.read_bytes()
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if path.suffix.lower() in RASTER or data.startswith(MAGIC) or webp:
        yield hashlib.sha256(data).hexdigest(), path.name
        return
    text = data.decode("utf-8", "replace")
    for place, link in enumerate(DATA.findall(text)):
        yield _within(link), f"{path.name}, data URI {place}"
    if path.suffix.lower() in (".svg", ".html", ".md"):
        for tag in re.findall(r"<(?:\w+:)?image\b[^>]*>", text, re.IGNORECASE):
            if not DATA.search(tag):
                yield "", f"{path.name}, {tag[:60]}"


def _within(link: str) -> str:
    head, _, coded = link.partition(",")
    try:
        return hashlib.sha256(base64.b64decode(coded, validate=True)).hexdigest() if (
            head.endswith(";base64")
        ) else ""  # fmt: skip
    except binascii.Error:
        return ""


def strangers(root: Path) -> list[str]:
    """Where pictures stand that no list allows."""
    known = allowed(root)
    found = [picture for path in published(root) for picture in pictures(path)]
    return [place for digest, place in found if digest not in known]


def test_every_published_picture_is_listed_with_its_licence() -> None:
    assert strangers(ROOT) == []


def test_every_listed_picture_is_there() -> None:
    held = {digest for path in published(ROOT) for digest, _ in pictures(path)}
    assert allowed(ROOT) <= held


PNG = b"\x89PNG\r\n\x1a\n rest"
URI = b"data:image/png;base64," + base64.b64encode(PNG)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("face.jpg", b"anything"),
        ("face.bin", PNG),
        ("face.WEBP", b""),
        ("page.html", b'<img src="' + URI + b'">'),
        ("page.md", b"![x](" + URI + b")"),
        ("style.css", b"a{background:url(" + URI + b")}"),
        ("page.html", b'<img src="data:image/svg+xml;utf8,%3Csvg">'),
        ("plot.svg", b'<svg><image href="' + URI + b'"/></svg>'),
        ("plot.svg", b'<svg><svg:image href="face.jpg"/></svg>'),
    ],
)
def test_a_planted_picture_is_found(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "README.md").write_bytes(b"text")
    assert strangers(tmp_path) == []
    (tmp_path / "docs" / "deep" / name).write_bytes(data)
    assert len(strangers(tmp_path)) >= 1


def _list(folder: Path, licence: str, credit: str = "somebody") -> None:
    folder.mkdir(parents=True)
    digest = hashlib.sha256(PNG).hexdigest()
    entry = {"file": "f.png", "sha256": digest, "licence": licence, "credit": credit}
    (folder / "photographs.json").write_text(json.dumps([entry]))
    (folder / "f.png").write_bytes(PNG)
    (folder / "page.html").write_bytes(b'<img src="' + URI + b'">')


def test_a_listed_picture_may_stand_as_a_file_and_within_a_page(tmp_path: Path) -> None:
    _list(tmp_path / "docs" / "report", "CC BY 4.0")
    assert strangers(tmp_path) == []


def test_a_list_cannot_allow_other_licences(tmp_path: Path) -> None:
    _list(tmp_path / "docs", "CC BY-NC 4.0")
    with pytest.raises(InputError, match="expected public domain or CC BY"):
        strangers(tmp_path)


def test_a_picture_needs_a_credit(tmp_path: Path) -> None:
    _list(tmp_path / "docs", "public domain", credit="")
    with pytest.raises(AssertionError, match="without credit"):
        strangers(tmp_path)
