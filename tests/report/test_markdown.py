"""The Markdown page."""

from dataclasses import replace

from markdown_it import MarkdownIt

from visavis.report.document import Report, Section
from visavis.report.markdown import as_markdown
from visavis.report.words import clean


def test_labels_stay_literal(report: Report, evil: str) -> None:
    page = as_markdown(report)
    assert "<script" not in page
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(page)
    inline = [t for t in tokens if t.type == "inline"]
    literal = [t for t in inline if any(c.content.startswith("<") for c in t.children or [])]
    kinds = {c.type for t in literal for c in t.children or []}
    assert kinds <= {"text", "text_special", "strong_open", "strong_close", "em_open", "em_close"}
    cells = ["".join(c.content for c in t.children or []) for t in inline]
    assert clean(evil) in cells


def test_tables_have_a_rule_that_sets_figures_to_the_right(report: Report) -> None:
    lines = as_markdown(report).splitlines()
    at = lines.index("| --- | ---: |")
    assert lines[at + 1].endswith(" | 99.1 % |")
    assert lines[at + 2] == "| b |  |"
    assert lines[at + 3] == "|  | 0.25 |"


def test_blocks_sections_and_provenance(report: Report) -> None:
    page = as_markdown(report)
    assert "> **What to conclude.** One is **better**." in page
    assert "> [!IMPORTANT]\n> LFW **flatters**." in page
    assert "](sample/det.svg)" in page
    assert "](sample/grey.png)" in page
    assert "```\nvisavis evaluate x\n```" in page
    assert f"- Model m: SHA-256 `{'ab' * 32}`" in page
    assert page.count("\n## ") == 3


def test_a_command_cannot_end_its_code_block(report: Report) -> None:
    made = replace(report.provenance, command="visavis x '\n```\n# Title'")
    html = MarkdownIt().render(as_markdown(replace(report, provenance=made, sections=())))
    assert html.count("<h1>") == 1


def test_a_report_without_sections(report: Report) -> None:
    assert "How to repeat" in as_markdown(replace(report, sections=(Section("Empty", ()),)))
