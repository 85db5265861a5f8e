"""A report as one HTML file: no script, nothing from outside, light and dark, screen and paper."""

import re
from base64 import b64encode
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from visavis.errors import InputError
from visavis.extras import needs
from visavis.report.document import Block, Figure, Note, Photograph, Report, Table, Text
from visavis.report.markdown import file_name
from visavis.report.tables import cell, right
from visavis.report.words import clean

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markupsafe import Markup

_ACTIVE: Final = frozenset({"script", "image", "foreignObject", "iframe", "a", "set", "animate"})


@dataclass(frozen=True, slots=True)
class Part:
    """A block made ready for the template: what it is, its number and its markup."""

    kind: str
    markup: "Markup"
    caption: str = ""
    number: int = 0
    credit: str = ""
    size: str = ""


def as_html(report: Report) -> str:
    """The whole page. Texts, notes and the lead are Markdown, all else is shown literally.

    Raises InputError for a figure that would run or load something.
    """
    with needs("evaluate", "HTML reports"):
        from jinja2 import Environment, StrictUndefined
        from markdown_it import MarkdownIt
        from markupsafe import Markup
    here = files("visavis.report")
    # Pictures are blocks, with a licence; in a text they would be asked of another machine.
    prose = MarkdownIt("commonmark", {"html": False}).enable(["table"]).disable(["image"])
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"clean": clean}
    template = environment.from_string((here / "page.html.j2").read_text("utf-8"))
    return template.render(
        report=report,
        style=Markup((here / "page.css").read_text("utf-8")),
        lead=Markup(prose.render(_sound(report.lead))),
        sections=_sections(report, prose),
    )


def _sections(report: Report, prose: "MarkdownIt") -> list[tuple[str, str, list[Part]]]:
    """Anchor, title and parts of each section; tables and pictures are counted through."""
    counts = {"table": 0, "picture": 0}
    made = []
    for place, section in enumerate(report.sections, 1):
        parts = [_part(block, prose, counts) for block in section.blocks]
        made.append((f"section-{place}", section.title, parts))
    return made


def _part(block: Block, prose: "MarkdownIt", counts: dict[str, int]) -> Part:
    from markupsafe import Markup

    match block:
        case Text():
            return Part("text", Markup(prose.render(_sound(block.markdown))))
        case Note():
            return Part("note", Markup(prose.render(_sound(block.markdown))))
        case Table():
            counts["table"] += 1
            size = " short" * (len(block.rows) < 25) + " wide" * (len(block.columns) > 8)
            caption = clean(block.caption)
            return Part("table", _table(block), caption, counts["table"], size=size)
        case Figure():
            counts["picture"] += 1
            return Part("figure", _drawing(block), clean(block.caption), counts["picture"])
        case Photograph():
            counts["picture"] += 1
            credit = clean(f"{block.credit}, {block.licence}")
            caption = clean(block.caption)
            return Part("photograph", _photograph(block), caption, counts["picture"], credit)


def _sound(markdown: str) -> str:
    """The Markdown without broken surrogates, which no file can hold."""
    return markdown.encode("utf-8", "replace").decode()


def _table(table: Table) -> "Markup":
    from markupsafe import Markup, escape

    sides = [Markup(' class="figure"') if aligned else Markup("") for aligned in right(table)]

    def line(tag: str, texts: list[str]) -> Markup:
        cells = (
            Markup("<{0}{1}{2}>{3}</{0}>").format(
                Markup(tag), Markup(' scope="col"' if tag == "th" else ""), side, escape(text)
            )
            for side, text in zip(sides, texts, strict=True)
        )
        return Markup("<tr>{}</tr>\n").format(Markup("").join(cells))

    head = line("th", [clean(name) for name in table.columns])
    rows = Markup("").join(line("td", [cell(v) for v in row]) for row in table.rows)
    return Markup("<thead>{}</thead>\n<tbody>\n{}</tbody>").format(head, rows)


def _drawing(figure: Figure) -> "Markup":
    from markupsafe import Markup

    try:
        elements = list(ElementTree.fromstring(figure.svg).iter())
    except ElementTree.ParseError as error:
        raise InputError(f"expected a drawing in SVG: {figure.name}: {error}") from None
    for element in elements:
        _check(element, figure.name)
    return Markup(figure.svg)


def _check(element: ElementTree.Element, figure: str) -> None:
    """Raises InputError for an element that would run or load something."""
    tag = element.tag.rpartition("}")[2]
    names = [name.rpartition("}")[2] for name in element.attrib]
    links = [value for name, value in element.items() if name.endswith("href")]
    rules = " ".join([element.text or "" if tag == "style" else "", *element.attrib.values()])
    if (
        tag in _ACTIVE
        or any(name.lower().startswith("on") for name in names)
        or any(not link.startswith("#") for link in links)
        or re.search(r"@import|url\((?!#)", rules)
    ):
        raise InputError(f"expected a drawing that runs and loads nothing, got <{tag}>: {figure}")


def _photograph(photograph: Photograph) -> "Markup":
    from markupsafe import Markup

    kind = "png" if file_name(photograph).endswith("png") else "jpeg"
    source = f"data:image/{kind};base64,{b64encode(photograph.data).decode()}"
    return Markup('<img src="{}" alt="{}">').format(source, clean(photograph.alt))
