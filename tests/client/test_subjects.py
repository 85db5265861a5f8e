"""Subjects and templates, asked of the real service."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from visavis.client import Client, ServiceError
from visavis.errors import InputError

Png = Callable[..., bytes]
FUTURE = datetime(2190, 1, 1, tzinfo=UTC)


class TestEnrolment:
    def test_says_what_was_stored_and_what_was_not(self, client: Client, png: Png) -> None:
        photos = [png("ada"), png(), png("ada", noise=2)]
        found = client.enrol(
            "ada",
            photos,
            name="Ada Lovelace",
            metadata={"department": "ärchive"},
            consent_ref="form-1",
            expires_at=FUTURE,
        )
        assert found.subject == "ada"
        assert len(found.templates) == 2
        assert 0 <= found.templates[0].quality <= 1
        (refused,) = found.rejected
        assert (refused.index, refused.code) == (1, "no_face")

        ada = client.subject("ada")
        assert (ada.name, ada.templates, ada.consent_ref) == ("Ada Lovelace", 2, "form-1")
        assert ada.metadata == {"department": "ärchive"}
        assert (ada.expires_at, ada.expired) == (FUTURE, False)

    def test_the_box_says_which_face_is_meant(self, client: Client, png: Png) -> None:
        group = png("ada", "ben")
        face = client.detect(group).faces[1]
        assert len(client.enrol("ben", group, box=face.box).templates) == 1
        assert client.verify("ben", png("ben")).accepted

    def test_twice_with_one_key_is_once(self, client: Client, png: Png) -> None:
        first = client.enrol("ada", png("ada"), idempotency_key="k1")
        assert client.enrol("ada", png("ada"), idempotency_key="k1") == first
        assert client.subject("ada").templates == 1
        assert len(client.enrol("ada", png("ada", noise=2)).templates) == 1
        assert client.subject("ada").templates == 2

    def test_none_that_was_accepted_is_an_error(self, client: Client, png: Png) -> None:
        with pytest.raises(ServiceError) as caught:
            client.enrol("ada", [png(), b"no picture"])
        assert caught.value.code == "enrolment_rejected"
        codes = [one["code"] for one in caught.value.details["rejected"]]
        assert codes == ["no_face", "bad_image"]


class TestSubjects:
    def test_any_id_can_be_addressed(self, client: Client, png: Png) -> None:
        for ident in ("ada", "Ada & Bob", "100%", "ä?#+", "a;b=c"):
            client.enrol(ident, png("ada"))
            assert client.subject(ident).id == ident
            assert client.forget_subject(ident).templates == 1

    def test_but_for_those_that_no_path_can_hold(self, client: Client) -> None:
        with pytest.raises(InputError, match="without '/'"):
            client.subject("a/b")

    def test_lists_and_searches(self, client: Client, png: Png) -> None:
        for ident in ("ada", "ben", "eve"):
            client.enrol(ident, png(ident), name=ident.upper())
        assert [one.id for one in client.subjects()] == ["ada", "ben", "eve"]
        assert [one.id for one in client.subjects(search="VE")] == ["eve"]

    def test_none_clears_and_what_is_left_out_stays(self, client: Client, png: Png) -> None:
        client.enrol("ada", png("ada"), name="Ada", consent_ref="form-1", expires_at=FUTURE)
        changed = client.update_subject("ada", consent_ref=None, metadata={"a": "b"})
        assert changed.consent_ref is None
        assert (changed.name, changed.metadata, changed.expires_at) == ("Ada", {"a": "b"}, FUTURE)
        later = FUTURE.replace(year=2191)
        assert client.update_subject("ada", expires_at=later, metadata=None).expires_at == later
        assert client.subject("ada").metadata == {}

    def test_renames_and_merges(self, client: Client, png: Png) -> None:
        client.enrol("ada", png("ada"))
        client.enrol("ben", png("ben"))
        assert client.rename_subject("ada", "lovelace").id == "lovelace"
        merged = client.merge_subjects("ben", "lovelace")
        assert (merged.id, merged.templates) == ("lovelace", 2)
        assert [one.id for one in client.subjects()] == ["lovelace"]

    def test_forgets_with_a_receipt(self, client: Client, png: Png) -> None:
        client.enrol("ada", png("ada"))
        receipt = client.forget_subject("ada")
        assert (receipt.collection, receipt.templates) == ("default", 1)
        assert len(receipt.pseudonym) == 32
        assert receipt.at <= datetime.now(UTC)
        with pytest.raises(ServiceError) as caught:
            client.subject("ada")
        assert caught.value.code == "unknown_subject"


def test_templates(client: Client, png: Png) -> None:
    stored = client.enrol("ada", [png("ada"), png("ada", noise=2)]).templates
    found = list(client.templates("ada"))
    assert {one.id for one in found} == {one.id for one in stored}
    assert client.remove_template("ada", found[0].id) is None
    assert list(client.templates("ada")) == found[1:]
