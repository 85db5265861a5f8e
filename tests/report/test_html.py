"""The HTML page: escaped, self-contained, in order."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from visavis.errors import InputError
from visavis.report.document import Figure, Note, Report, Section, Text
from visavis.report.html import as_html
from visavis.report.words import clean


class Page(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]


@pytest.fixture
def page(report: Report) -> Page:
    return Page(as_html(report))


def test_labels_are_shown_literally(page: Page, evil: str) -> None:
    assert "script" not in page.tags
    assert clean(evil) in page.texts  # a cell
    assert clean(evil) in page.all("alt")
    assert clean(evil) in page.all("aria-label")
    assert not [name for name, _ in page.attributes if name.startswith("on")]


def test_markdown_neither_runs_nor_loads_anything(report: Report, evil: str) -> None:
    blocks = (
        Text("<img src=x onerror=alert(1)> ![p](https://example.org/p.png) <http://ok.org>"),
        Note("[a](javascript:alert(1)) [b](vbscript:x) [c](data:text/html,x) " + evil),
    )
    page = Page(as_html(replace(report, sections=(Section("s", blocks),), lead=evil)))
    assert {"img", "script"}.isdisjoint(page.tags)
    outside = [h for h in page.all("href") if not h.startswith("#")]
    assert outside == ["https://example.org/p.png", "http://ok.org"]  # links, not requests


def test_nothing_is_asked_of_another_machine(report: Report, page: Page) -> None:
    assert all(source.startswith("data:image/png;base64,") for source in page.all("src"))
    assert {"link", "script", "iframe", "base"}.isdisjoint(page.tags)
    markup = as_html(report)
    assert not re.search(r"url\((?!#)|@import", markup)
    assert "default-src 'none'" in markup


def test_ids_are_unique_and_links_within_lead_somewhere(page: Page) -> None:
    ids = page.all("id")
    assert [i for i, times in Counter(ids).items() if times > 1] == []
    for name in ("aria-labelledby", "href"):
        for target in page.all(name):
            assert target.startswith("http") or target.removeprefix("#") in ids


def test_headings_are_in_order_and_the_language_is_said(page: Page) -> None:
    headings = [tag for tag in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert headings == ["h1", "h2", "h2", "h2", "h2"]
    assert page.all("lang") == ["en"]


def test_numbers_run_through_and_provenance_is_whole(page: Page) -> None:
    text = " ".join(page.texts)
    assert re.findall(r"(?:Figure|Table) \d\.", text) == [
        "Table 1.",
        "Figure 1.",
        "Figure 2.",
        "Figure 3.",
    ]
    assert "ab" * 32 in text
    assert "cd" * 32 in text
    assert "visavis evaluate x" in text


@pytest.mark.parametrize(
    "svg",
    [
        "<svg><script>x</script></svg>",
        "<svg><image href='data:image/png;base64,x'/></svg>",
        "<svg onload='x'></svg>",
        "<svg><use href='https://example.org/#x'/></svg>",
        "<svg><foreignObject/></svg>",
        "<svg><g></svg>",
        "<svg xmlns:s='http://www.w3.org/2000/svg'><s:script/></svg>",
        "<svg><style>@import 'x'</style></svg>",
        "<svg><style>a{background:url(https://example.org)}</style></svg>",
    ],
)
def test_a_drawing_that_would_do_something_is_refused(report: Report, svg: str) -> None:
    figure = Figure("f", svg, "", "")
    with pytest.raises(InputError, match="expected a drawing"):
        as_html(replace(report, sections=(Section("s", (figure,)),)))


def contrast(first: str, second: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_by_four_and_a_half(report: Report, scheme: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", as_html(report), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", blocks[scheme]))
    for ink in ("text", "quiet", "link"):
        for ground in ("page", "shade"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for ink in ("text", "link"):
        for ground in ("lead", "note"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast(colours["note-edge"], colours["note"]) >= 4.5
