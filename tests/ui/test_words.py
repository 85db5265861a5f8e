"""Words: every code has some, and rates read as they are meant."""

from typing import get_args

import pytest

from visavis.client.decisions import Threshold
from visavis.client.errors import ServiceError
from visavis.client.faces import Liveness
from visavis.errors import InputError
from visavis.liveness.verdict import Refusal
from visavis.types import Decision, Reason
from visavis.ui import words


def test_every_code_has_words() -> None:
    assert words.DECISIONS.keys() == words.MEANINGS.keys() == set(get_args(Decision))
    assert words.REASONS.keys() >= {str(reason) for reason in Reason}
    told = {str(refusal) for refusal in Refusal}
    assert told - words.REASONS.keys() == {"token_altered", "store_full", "before_issue"}


@pytest.mark.parametrize(
    ("rate", "text"),
    [(1e-4, "1 in 10,000"), (0.05, "1 in 20"), (1.15e-4, "1 in 8,700"), (1, "everybody")],
)
def test_a_rate_is_one_in_so_many(rate: float, text: str) -> None:
    assert words.one_in(rate) == text


def test_what_a_threshold_stands_for() -> None:
    assert words.stands_for(Threshold(0.4, 1e-4, False)) == (
        "At this threshold 1 in 10,000 pairs of strangers would pass as one person"
    )
    named = words.stands_for(Threshold(0.4, 0.01, True), identification=True)
    assert "1 in 100 strangers would be given a name (beyond" in named
    assert "no stated error rate" in words.stands_for(Threshold(0.4, None, False))


def test_refusals_say_what_can_be_done() -> None:
    poor = ServiceError("unfit", "low_quality", details={"reasons": ["blurred", "too_dark"]})
    assert words.refusal(poor) == "The photo is unfit: the face is blurred, the face is too dark."
    lacking = ServiceError("this API key lacks the scope enrol", "forbidden", status=403)
    assert "lacks the scope enrol" in words.refusal(lacking)
    assert words.refusal(ServiceError("x", "no_face")) == "No face was found in the photo."
    assert words.refusal(InputError("add a photo first")) == "Add a photo first."


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, ("not checked", "quiet")),
        (Liveness(None, None, 0.5, None, ()), ("cannot tell", "quiet")),
        (Liveness(True, 0.9, 0.5, None, ()), ("live", "good")),
        (Liveness(False, 0.1, 0.5, "print", ()), ("not live, looks like print", "bad")),
    ],
)
def test_liveness(found: Liveness | None, told: tuple[str, str]) -> None:
    assert words.liveness(found) == told


def test_counts() -> None:
    assert words.count(1, "person", "people") == "1 person"
    assert words.count(1200, "photo") == "1,200 photos"
