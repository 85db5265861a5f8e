"""Texts of the user's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from visavis.errors import InputError
from visavis.report.words import clean, literal, shorten, stem


@given(st.text())
def test_clean_leaves_nothing_that_steers_a_terminal_or_breaks_a_file(text: str) -> None:
    assert clean(text).isprintable()
    assert clean(text).encode().decode() == clean(text)


@given(st.text(st.characters(codec="ascii"), min_size=1))
def test_markdown_shows_a_literal_as_it_is(text: str) -> None:
    shown = MarkdownIt("gfm-like", {"linkify": False}).renderInline(f"x{literal(text)}x")
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        shown = shown.replace(entity, character)
    assert shown == f"x{clean(text)}x"


@given(st.text(st.characters(codec="utf-8")), st.integers(2, 50))
def test_shorten_keeps_both_ends(text: str, longest: int) -> None:
    short = shorten(text, longest)
    assert len(short) <= longest
    assert short == clean(text) or (short[0] == clean(text)[0] and "…" in short)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "-a", "a\n", "x" * 90, "ä"])
def test_a_name_that_is_no_file_name(name: str) -> None:
    with pytest.raises(InputError, match="expected a name"):
        stem(name)


def test_a_good_name() -> None:
    assert stem("det-2_a") == "det-2_a"
