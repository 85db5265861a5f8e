"""Writes a report: one document in four forms, each file whole or not at all."""

import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from visavis.errors import InputError
from visavis.report.document import Block, Figure, Photograph, Report
from visavis.report.results import as_json, dump
from visavis.report.words import stem

Format: TypeAlias = Literal["md", "html", "pdf", "json"]


def write(
    report: Report, folder: Path, formats: Sequence[Format] = ("md", "html", "json")
) -> list[Path]:
    """Writes `<slug>.md`, `.html`, `.pdf` and `.json` into `folder`, and gives their paths.

    The Markdown page has its figures and photographs beside it in `<slug>/`, with the licences of
    the photographs in `<slug>/photographs.json`; the other forms are one file. The same report
    gives the same bytes, but for a PDF, in which Chromium numbers things as it likes. Raises
    InputError for names that cannot be file names or appear twice, MissingExtra, and for a PDF
    MissingTool without Chromium and ConfigError where it fails.
    """
    _check(report)
    files = {path: data for kind in formats for path, data in _make(report, kind).items()}
    for path, data in files.items():
        replace_file(folder / path, data)
    return [folder / path for path in files]


def _make(report: Report, kind: Format) -> Mapping[Path, bytes]:
    """The files of one form by their paths within the folder."""
    match kind:
        case "md":
            return _page(report)
        case "html":
            from visavis.report.html import as_html

            return {Path(f"{report.slug}.html"): as_html(report).encode()}
        case "pdf":
            from visavis.report.html import as_html
            from visavis.report.pdf import as_pdf

            return {Path(f"{report.slug}.pdf"): as_pdf(as_html(report))}
        case "json":
            return {Path(f"{report.slug}.json"): as_json(report)}
        case _:
            raise InputError(f"expected md, html, pdf or json, got {kind!r}")


def _page(report: Report) -> dict[Path, bytes]:
    from visavis.report.markdown import as_markdown, file_name

    files = {Path(f"{report.slug}.md"): as_markdown(report).encode()}
    photographs = []
    for block in _blocks(report):
        match block:
            case Figure():
                files[Path(report.slug, file_name(block))] = block.svg.encode()
            case Photograph():
                files[Path(report.slug, file_name(block))] = block.data
                photographs.append(block)
    if photographs:
        listed = [_licence(photograph) for photograph in photographs]
        files[Path(report.slug, "photographs.json")] = dump(listed)
    return files


def _licence(photograph: Photograph) -> dict[str, str]:
    from visavis.report.markdown import file_name

    return {
        "file": file_name(photograph),
        "sha256": hashlib.sha256(photograph.data).hexdigest(),
        "licence": photograph.licence,
        "credit": photograph.credit,
    }


def _blocks(report: Report) -> list[Block]:
    return [block for section in report.sections for block in section.blocks]


def _check(report: Report) -> None:
    """Names become file names and anchors: safe ones, each once."""
    drawn = [b for b in _blocks(report) if isinstance(b, Figure | Photograph)]
    for name in (report.slug, *(b.name for b in drawn)):
        stem(name)
    twice = [name for name, times in Counter(b.name for b in drawn).items() if times > 1]
    if twice:
        raise InputError(f"expected a name for each figure, got twice: {', '.join(twice)}")


def replace_file(path: Path, data: bytes) -> None:
    """Writes a file, whole or not at all, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(part, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
