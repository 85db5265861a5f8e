"""Audit: records, and whether the chain holds."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("gradio")

from visavis.client.audit import AuditReport
from visavis.ui.paging import Place
from visavis.ui.tabs import audit
from visavis.ui.tabs.audit import recorded, verified

Run = Callable[..., Any]


def test_records_are_listed_by_action(run: Run) -> None:
    made, place = run(recorded, "", Place())
    assert "collection created" in made
    assert place.next is None
    assert run(recorded, "forget", Place())[0].count("<tr>") == 0


def test_the_chain_is_verified(run: Run) -> None:
    made = run(verified)
    assert "The chain holds" in made
    assert "1 record checked" in made


def test_a_log_that_was_changed_is_said() -> None:
    made = audit._card(AuditReport(False, None, None, None, "record 3 was altered"))
    assert "The log was changed" in made
    assert "Record 3 was altered." in made
