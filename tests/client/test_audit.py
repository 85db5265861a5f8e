"""The audit log, asked of the real service."""

from collections.abc import Callable
from itertools import islice

from visavis.client import Client
from visavis.client.audit import AuditReport

Png = Callable[..., bytes]


def test_records_newest_first(client: Client, png: Png) -> None:
    client.enrol("ada", png("ada"))
    client.verify("ada", png("ada"))
    verified, *_ = records = list(client.audit(collection="default", subject="ada"))
    assert [record.action for record in records][-1] == "enrol"
    assert (verified.action, verified.collection) == ("verify", "default")
    assert verified.details["accepted"] is True
    assert records[0].seq > records[-1].seq
    assert verified.subject != "ada"
    assert list(client.audit(request=verified.details["request"])) == [verified]
    assert [one.action for one in islice(client.audit(action="enrol"), 5)] == ["enrol"]


def test_verification(client: Client) -> None:
    found = client.verify_audit()
    assert found.intact
    assert found.problem is None
    assert found.head is not None
    assert found.records == found.head[0]


def test_a_changed_log_is_an_answer() -> None:
    said = {"intact": False, "records": None, "head": None, "anchored": None, "problem": "cut"}
    assert AuditReport.of(said) == AuditReport(False, None, None, None, "cut")
