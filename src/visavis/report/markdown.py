"""A report as a Markdown page, as GitHub shows it in light and dark."""

import re
from collections.abc import Iterator, Mapping

from visavis.report.document import Block, Figure, Note, Photograph, Provenance, Report, Table, Text
from visavis.report.tables import cell, right
from visavis.report.words import literal


def as_markdown(report: Report) -> str:
    """The page; figures and photographs are files in the folder named as the slug."""
    parts = [f"# {literal(report.title)}", _quoted("**What to conclude.** " + report.lead)]
    for section in report.sections:
        parts.append(f"## {literal(section.title)}")
        parts += [_block(block, report.slug) for block in section.blocks]
    parts += ["## How to repeat this", *_provenance(report.provenance)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def file_name(block: Figure | Photograph) -> str:
    """The name of the file that holds the block."""
    match block:
        case Figure():
            return f"{block.name}.svg"
        case Photograph():
            png = block.data.startswith(b"\x89PNG")
            return f"{block.name}.{'png' if png else 'jpg'}"


def _block(block: Block, slug: str) -> str:
    match block:
        case Text():
            return block.markdown
        case Note():
            return _quoted("[!IMPORTANT]\n" + block.markdown)
        case Table():
            return f"**{literal(block.caption)}**\n\n{_table(block)}"
        case Figure():
            return f"{_picture(block, slug)}\n\n*{literal(block.caption)}*"
        case Photograph():
            credit = literal(f"{block.credit}, {block.licence}")
            return f"{_picture(block, slug)}\n\n*{literal(block.caption)}* ({credit})"


def _quoted(markdown: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in markdown.strip().splitlines())


def _picture(block: Figure | Photograph, slug: str) -> str:
    return f"![{literal(block.alt)}]({slug}/{file_name(block)})"


def _table(table: Table) -> str:
    rule = ["---:" if aligned else "---" for aligned in right(table)]
    lines = [[literal(name) for name in table.columns], rule]
    lines += [[literal(cell(value)) for value in row] for row in table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _provenance(made: Provenance) -> Iterator[str]:
    ticks = max(len(run) for run in re.findall("`*", made.command))
    fence = "`" * max(3, ticks + 1)
    yield f"{fence}\n{made.command}\n{fence}"
    yield "\n".join(f"- {line}" for line in _facts(made))


def _facts(made: Provenance) -> Iterator[str]:
    yield f"Machine: {literal(made.machine)}"
    if made.made_on:
        yield f"Date: {literal(made.made_on)}"
    yield f"Versions: {_listed(made.versions)}"
    for title, digests in (("Model", made.models), ("Data", made.data)):
        for name, digest in digests.items():
            yield f"{title} {literal(name)}: SHA-256 `{literal(digest)}`"


def _listed(pairs: Mapping[str, str]) -> str:
    return ", ".join(f"{literal(name)} {literal(value)}" for name, value in pairs.items())
