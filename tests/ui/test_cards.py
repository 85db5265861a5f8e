"""Cards: what comes in is text, never HTML."""

import pytest

from visavis.client.errors import ServiceError
from visavis.ui import cards

EVIL = "<img src=x onerror=alert(1)>"


def test_texts_are_escaped_everywhere() -> None:
    made = [
        cards.tag("p", EVIL, title=f'"{EVIL}'),
        cards.badge(EVIL),
        cards.verdict(EVIL, "good", EVIL),
        cards.notice(EVIL),
        cards.empty(EVIL),
        cards.facts([(EVIL, EVIL)]),
        cards.table([EVIL], [[EVIL]]),
        cards.picture("data:,", EVIL, EVIL),
        cards.failure(ServiceError(EVIL, "strange")),
    ]
    assert all("<img src=x" not in one and "&lt;img" in one for one in made)


def test_what_is_safe_is_not_escaped_twice() -> None:
    assert cards.tag("div", cards.tag("b", "a & b")) == "<div><b>a &amp; b</b></div>"


def test_an_attribute_cannot_be_left() -> None:
    assert cards.tag("a", "x", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;">x</a>'


@pytest.mark.parametrize(("score", "at"), [(-0.3, "0.0"), (0.5, "50.0"), (1.2, "100.0")])
def test_a_score_stays_on_its_scale(score: float, at: str) -> None:
    made = cards.scale(score, 0.4, yes=score >= 0.4)
    assert f'class="vv-dot" style="left:{at}%"' in made
    assert 'class="vv-limit" style="left:40.0%"' in made
    assert ("vv-scale good" in made) == (score >= 0.4)


def test_a_cell_knows_its_column() -> None:
    made = cards.table(["Id", ""], [["ada", 1]])
    assert '<tr><td data-label="Id">ada</td><td>1</td></tr>' in made
