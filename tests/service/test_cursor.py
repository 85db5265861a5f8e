"""Cursors: they come back, tell nothing, and nothing but them opens."""

import base64
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from visavis.errors import ConfigError, InputError
from visavis.gallery.vault import DataKey
from visavis.service.cursor import BadCursor, Cursors

KEY = bytes(range(32))
CURSORS = Cursors(KEY)


@given(st.text(st.characters()) | st.integers())
@example("")
@example("17")
@example(17)
@example(-1)
@example("\ud800")
def test_values_come_back(value: str | int) -> None:
    text = CURSORS.seal(value)
    opened = CURSORS.open(text)
    assert opened == value
    assert type(opened) is type(value)
    assert text.isascii()
    assert not set(text) & set("+/=&?# ")


def test_they_are_short_and_hide_the_subject() -> None:
    text = CURSORS.seal("ada.lovelace")
    assert len(text) == len(base64.b64encode(bytes(28 + 13)).rstrip(b"="))
    assert b"ada" not in base64.urlsafe_b64decode(text + "==")
    assert text != CURSORS.seal("ada.lovelace")


def test_the_longest_subject_id_fits() -> None:
    longest = "\U0001f600" * 256
    assert CURSORS.open(CURSORS.seal(longest)) == longest


@given(st.text(st.characters()) | st.text("ABCDxyz019-_=", max_size=80))
@example("")
@example("=")
@example("A" * 5000)
@example("\u00e9")
@example(base64.urlsafe_b64encode(bytes(28)).decode())
def test_garbage_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(BadCursor) as raised:
        CURSORS.open(text)
    assert raised.value.code == "bad_cursor"
    assert isinstance(raised.value, InputError)


@given(st.data())
def test_one_changed_character_is_refused(data: st.DataObject) -> None:
    text = CURSORS.seal("ada")
    at = data.draw(st.integers(0, len(text)))
    other = data.draw(st.characters())
    changed = data.draw(st.sampled_from([text[:at] + other + text[at + 1 :], text[:at]]))
    if changed != text:
        with pytest.raises(BadCursor):
            CURSORS.open(changed)


def test_only_the_very_text_opens() -> None:
    text = CURSORS.seal("ada")  # of the last character's six bits, the decoder ignores two
    letters = string.ascii_letters + string.digits + "-_"
    others = [text[:-1] + letter for letter in letters if letter != text[-1]]
    for other in [*others, f"{text}=", f"{text}\n", f" {text}", f"{text[:9]}!{text[9:]}"]:
        with pytest.raises(BadCursor):
            CURSORS.open(other)


def test_other_keys_and_other_seals_are_refused() -> None:
    stranger = Cursors(bytes(32)).seal("ada")
    template = base64.urlsafe_b64encode(DataKey(KEY).seal(b"sada", "visavis/profile")).decode()
    for text in (stranger, template.rstrip("=")):
        with pytest.raises(BadCursor):
            CURSORS.open(text)


def test_the_key_is_checked() -> None:
    with pytest.raises(ConfigError):
        Cursors(b"short")
