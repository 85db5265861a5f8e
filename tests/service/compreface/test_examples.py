"""Templates by their ids, page by page, and everybody at once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visavis.errors import DuplicateSubject, InputError, UnknownSubject
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.service.compreface import examples
from visavis.service.compreface.examples import Example
from visavis.service.errors import NotHere
from visavis.types import Embedding

NOBODY = "0" * 16
BY = {"request": "r"}


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery(tmp_path / "gallery", Keyring([bytes(32)])) as found:
        yield found


@pytest.fixture
def staff(gallery: Gallery) -> Collection:
    return gallery.collection("staff", model="m", dim=4)


def enrol(collection: Collection, subject: str, count: int = 1, **about: Any) -> list[str]:
    rng = np.random.default_rng(len(subject) + count)
    vectors = [Embedding.of(rng.standard_normal(4), "m") for _ in range(count)]
    made = collection.enrol(subject, vectors, qualities=[1.0] * count, **about)
    return [template.id for template in made]


def test_a_subject_without_templates(staff: Collection) -> None:
    examples.add_subject(staff, "ada", BY)
    assert staff.subject("ada").templates == 0
    assert staff.templates("ada") == ()
    assert staff.search(Embedding.of(np.ones(4), "m"), 3) == ()
    enrol(staff, "ada")
    assert staff.subject("ada").templates == 1


def test_an_id_is_made_once(staff: Collection) -> None:
    examples.add_subject(staff, "ada", BY)
    with pytest.raises(DuplicateSubject, match="ada"):
        examples.add_subject(staff, "ada", BY)
    with pytest.raises(InputError, match="control characters"):
        examples.add_subject(staff, "a\0", BY)
    assert [subject.id for subject in staff.subjects()] == ["ada"]


def test_who_holds_a_template(gallery: Gallery, staff: Collection) -> None:
    [template] = enrol(staff, "ada")
    assert examples.holder(staff, template) == "ada"
    staff.rename("ada", "countess")
    assert examples.holder(staff, template) == "countess"
    enrol(staff, "ben")
    staff.merge("countess", "ben")
    assert examples.holder(staff, template) == "ben"
    other = gallery.collection("other", model="m", dim=4)
    for collection, ident in ((staff, NOBODY), (other, template)):
        with pytest.raises(NotHere):
            examples.holder(collection, ident)


def test_pages(gallery: Gallery, staff: Collection) -> None:
    ids = [(t, name) for name in ("zoe", "ada", "ben") for t in sorted(enrol(staff, name, 2))]
    enrol(gallery.collection("other", model="m", dim=4), "eve", 3)
    expected = [Example(*pair) for pair in ids]
    assert examples.page(staff, 0, 10, None) == (expected, 6)
    pages = [examples.page(staff, number, 4, None) for number in range(3)]
    assert pages == [(expected[:4], 6), (expected[4:], 6), ([], 6)]
    assert examples.page(staff, 0, 10, "ada") == (expected[2:4], 2)
    assert examples.page(staff, 0, 10, "nobody") == ([], 0)


def test_one_of_several_templates_is_removed(staff: Collection) -> None:
    first, second = sorted(enrol(staff, "ada", 2))
    assert examples.remove(staff, first, BY) == "ada"
    assert [t.id for t in staff.templates("ada")] == [second]
    with pytest.raises(NotHere):
        examples.remove(staff, first, BY)


def test_with_the_last_template_goes_the_key_and_the_subject_stays(
    gallery: Gallery, staff: Collection
) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    about: dict[str, Any] = {
        "name": "Ada L.",
        "metadata": {"team": "engine"},
        "consent_ref": "form-7",
    }
    [template] = enrol(staff, "ada", **about, expires_at=until)
    before, owners = staff.subject("ada"), set(gallery.keys.owners())
    assert examples.remove(staff, template, BY) == "ada"
    after = staff.subject("ada")
    assert after.templates == 0
    assert (after.name, after.metadata, after.consent_ref) == tuple(about.values())
    assert (after.expires_at, after.created_at) == (until, before.created_at)
    assert len(owners - set(gallery.keys.owners())) == 1
    assert len(staff) == 0
    done = [(r.action, r.details["request"]) for r in gallery.audit_tail(2)]
    assert done == [("forget", "r"), ("enrol", "r")]
    assert gallery.orphans() == []


def test_everybody_is_forgotten(
    gallery: Gallery, staff: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "PAGE", 2)
    other = gallery.collection("other", model="m", dim=4)
    enrol(other, "eve")
    for name in ("ada", "ben", "cleo", "dora"):
        enrol(staff, name, 2)
    examples.add_subject(staff, "fay", BY)
    assert examples.forget_all(staff, BY) == (5, 8)
    assert (list(staff.subjects()), len(staff)) == ([], 0)
    assert examples.forget_all(staff, BY) == (0, 0)
    assert [subject.id for subject in other.subjects()] == ["eve"]
    forgotten = [r for r in gallery.audit_tail(20) if r.action == "forget"]
    assert [r.details["request"] for r in forgotten] == ["r"] * 5


def test_a_deleted_collection(gallery: Gallery, staff: Collection) -> None:
    gallery.delete_collection("staff")
    for work in (
        lambda: examples.add_subject(staff, "ada", BY),
        lambda: examples.page(staff, 0, 10, None),
        lambda: examples.forget_all(staff, BY),
    ):
        with pytest.raises(UnknownSubject):
            work()
