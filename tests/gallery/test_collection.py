import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visavis.errors import (
    DuplicateSubject,
    GalleryError,
    InputError,
    ModelMismatch,
    TamperedTemplate,
    UnknownSubject,
)
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.types import Embedding, Image, Match, Template

Draw = Callable[[], Embedding]
PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def enrol(people: Collection, subject: str, *embeddings: Embedding) -> tuple[Template, ...]:
    return people.enrol(subject, embeddings, qualities=[0.5] * len(embeddings))


def best(people: Collection, embedding: Embedding) -> str | None:
    return next((m.subject for m in people.search(embedding, 1) if m.score > 0.99), None)


def test_enrol_gives_back_what_is_stored(people: Collection, draw: Draw) -> None:
    given = [draw(), draw()]
    stored = people.enrol(
        "ada",
        given,
        qualities=[0.25, 0.1],
        name="Ada Lovelace",
        metadata={"team": "engines"},
        consent_ref="form 7",
        expires_at=FUTURE,
    )
    read = people.templates("ada")
    rows = zip(stored, read, given, (0.25, 0.1), strict=True)
    for template, again, embedding, quality in rows:
        assert again.id == template.id
        assert (again.subject, again.collection, again.quality) == ("ada", "people", quality)
        assert again.embedding.vector.tobytes() == embedding.vector.tobytes()
        assert again.enrolled_at == template.enrolled_at
    ada = people.subject("ada")
    assert (ada.id, ada.name, ada.templates) == ("ada", "Ada Lovelace", 2)
    assert (dict(ada.metadata), ada.consent_ref) == ({"team": "engines"}, "form 7")
    assert ada.expires_at == FUTURE
    assert datetime.now(UTC) - ada.created_at < timedelta(minutes=1)
    assert len(people) == 2


def test_enrolling_again_adds_templates_and_replaces_given_fields(
    people: Collection, draw: Draw
) -> None:
    people.enrol("ada", [draw()], qualities=[1], name="Ada", consent_ref="a")
    people.enrol("ada", [draw()], qualities=[1], consent_ref="b")
    ada = people.subject("ada")
    assert (ada.name, ada.consent_ref, ada.templates) == ("Ada", "b", 2)


def test_enrol_refuses_what_it_cannot_store(people: Collection, draw: Draw) -> None:
    for bad in ("", "x" * 257, "a\nb", "a\0", "\ud800"):
        with pytest.raises(InputError):
            enrol(people, bad, draw())
    with pytest.raises(InputError, match="0, 0 and 0"):
        enrol(people, "ada")
    with pytest.raises(InputError, match="1, 2 and 1"):
        people.enrol("ada", [draw()], qualities=[1, 2])
    with pytest.raises(InputError, match="time zone"):
        people.enrol("ada", [draw()], qualities=[1], expires_at=datetime(2100, 1, 1))
    with pytest.raises(InputError):
        people.enrol("ada", [draw()], qualities=[1], details={"vector": [1.0]})  # type: ignore[dict-item]
    with pytest.raises(ModelMismatch, match=r"m .*other"):
        enrol(people, "ada", draw(), Embedding(draw().vector, "other"))
    with pytest.raises(ModelMismatch, match="128"):
        enrol(people, "ada", Embedding.of(np.ones(64), "m"))
    assert len(people) == 0
    assert list(people.subjects()) == []
    assert len(people.desk.keys.owners()) == 2  # the gallery's and the collection's own


def test_ids_of_every_kind_work(people: Collection, draw: Draw) -> None:
    ids = ["x" * 256, "Åse Ørsted", "名前", "a/b\\c'\"%", " ", "-", "🙂"]
    probes = {ident: draw() for ident in ids}
    for ident, probe in probes.items():
        enrol(people, ident, probe)
    assert [s.id for s in people.subjects()] == sorted(ids)
    for ident, probe in probes.items():
        assert best(people, probe) == ident
        assert people.subject(ident).id == ident


def test_search_names_each_subject_once_by_its_best_template(
    people: Collection, draw: Draw
) -> None:
    probe = draw()
    near = Embedding.of(probe.vector + 0.1 * draw().vector, "m")
    first, second = enrol(people, "ada", near, probe)
    enrol(people, "ben", Embedding.of(probe.vector + 0.3 * draw().vector, "m"))
    found = people.search(probe, 5)
    assert [m.subject for m in found] == ["ada", "ben"]
    assert found[0].template == second.id != first.id
    assert found[0].score == pytest.approx(1, abs=1e-6)
    assert people.search(probe, 1) == found[:1]


def test_search_looks_past_a_subject_with_many_templates(people: Collection, draw: Draw) -> None:
    probe = draw()
    many = [Embedding.of(probe.vector + 0.01 * draw().vector, "m") for _ in range(300)]
    enrol(people, "ada", *many)
    others = {f"s{i}": draw() for i in range(5)}
    for ident, embedding in others.items():
        enrol(people, ident, embedding)
    scores = sorted(((probe.similarity(e), i) for i, e in others.items()), reverse=True)
    assert [m.subject for m in people.search(probe, 4)] == ["ada", *(i for _, i in scores[:3])]


def test_search_refuses_other_models_and_no_k(people: Collection, draw: Draw) -> None:
    with pytest.raises(ModelMismatch, match="m, the probe is other"):
        people.search(Embedding(draw().vector, "other"), 1)
    with pytest.raises(InputError, match="got 0"):
        people.search(draw(), 0)
    assert people.search(draw(), 3) == ()


def test_unknown_subjects_are_named(people: Collection) -> None:
    for call in (
        people.subject,
        people.templates,
        people.forget,
        people.crops,
        lambda i: people.rename(i, "new"),
        lambda i: people.update(i, name="x"),
        lambda i: people.merge(i, i + "2"),
        lambda i: people.remove_template(i, "0"),
    ):
        with pytest.raises(UnknownSubject, match="'nobody"):
            call("nobody")
    assert "nobody" not in people
    assert 7 not in people


def test_subjects_come_in_order_and_in_pages(people: Collection, draw: Draw) -> None:
    for ident in ("c", "a", "d", "b"):
        enrol(people, ident, draw())
    assert [s.id for s in people.subjects()] == ["a", "b", "c", "d"]
    assert [s.id for s in people.subjects(after="a", limit=2)] == ["b", "c"]
    assert [s.id for s in people.subjects(after="d")] == []


def test_subjects_are_found_by_part_of_id_or_name(people: Collection, draw: Draw) -> None:
    names = {"a1": "Åse Ørsted", "a2": "", "b1": "Straße", "b2": "ada", "c_ADA": "Cy"}
    for ident, name in names.items():
        people.enrol(ident, [draw()], qualities=[1], name=name)

    def found(part: str, **page: Any) -> list[str]:
        return [s.id for s in people.subjects(matching=part, **page)]

    assert found("a") == list(names)
    assert found("ada") == found("ADA") == ["b2", "c_ADA"]
    assert found("åse") == found("SE ør") == ["a1"]
    assert found("STRASSE") == ["b1"]
    assert found("_") == ["c_ADA"]
    assert found("%") == found("Åse  ") == []
    assert found("") == list(names)
    assert found("a", limit=2) == ["a1", "a2"]
    assert found("a", after="a2", limit=2) == ["b1", "b2"]
    assert found("cy", limit=1) == ["c_ADA"]  # behind more subjects than the limit


def test_matching_looks_beyond_one_page(
    people: Collection, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.gallery.collection.PAGE", 3)
    for number in range(10):
        people.enrol(f"s{number}", [draw()], qualities=[1], name=f"name {number % 2}")
    odd = [s.id for s in people.subjects(matching="name 1", after="s1")]
    assert odd == ["s3", "s5", "s7", "s9"]


def test_the_pseudonym_is_the_audit_logs(gallery: Gallery, people: Collection, draw: Draw) -> None:
    enrol(people, "ada", draw())
    enrol(people, "ben", draw())
    ada = people.pseudonym("ada")
    assert ada == gallery.audit_page(action="enrol")[1].subject
    assert ada != people.pseudonym("ben")
    people.rename("ada", "countess")
    assert people.pseudonym("countess") == ada
    assert people.forget("countess").subject == ada
    with pytest.raises(UnknownSubject):
        people.pseudonym("countess")


def test_every_change_is_recorded_with_who_asked_for_it(
    gallery: Gallery, people: Collection, draw: Draw
) -> None:
    told = {"request": "r1", "templates": "own wins"}
    _, spare = people.enrol("ada", [draw(), draw()], qualities=[1, 1], details=told)
    people.rename("ada", "a", details=told)
    people.update("a", name="A", details={**told, "fields": "own wins"})
    people.remove_template("a", spare.id, details=told)
    people.enrol("b", [draw()], qualities=[1], details=told)
    people.merge("b", "a", details=told)
    people.forget("a", details=told)
    for subject in ("c", "d"):
        people.enrol(subject, [draw()], qualities=[1], expires_at=PAST, details=told)
    assert len(people.purge(PAST, details=told)) == 2
    records = gallery.audit_page(collection="people", request="r1")[::-1]
    assert [r.action for r in records] == [
        "enrol", "rename", "update", "update", "enrol", "merge", "forget",
        "enrol", "enrol", "purge", "purge",
    ]  # fmt: skip
    by_action = {record.action: record.details for record in records}
    assert by_action["enrol"] == {"request": "r1", "templates": 1}
    assert by_action["rename"] == told
    assert records[2].details == {**told, "fields": "name"}
    assert by_action["update"] == {**told, "removed": spare.id}
    assert by_action["merge"]["templates"] == 1
    assert by_action["forget"] == {"request": "r1", "templates": 2, "keys": 2}
    assert by_action["purge"] == {"request": "r1", "templates": 1, "keys": 1}


def test_what_cannot_be_recorded_is_not_done(
    gallery: Gallery, people: Collection, draw: Draw
) -> None:
    bad: Any = {"vector": [1.0]}
    first, _ = people.enrol("ada", [draw(), draw()], qualities=[1, 1], expires_at=PAST)
    enrol(people, "ben", draw())
    before, keys = gallery.audit_tail(99), gallery.keys.owners()
    for call in (
        lambda: people.rename("ada", "a", details=bad),
        lambda: people.update("ada", name="A", details=bad),
        lambda: people.merge("ben", "ada", details=bad),
        lambda: people.remove_template("ada", first.id, details=bad),
        lambda: people.forget("ada", details=bad),
        lambda: people.purge(FUTURE, details=bad),
        lambda: people.reembed("n", 2, embed, details=bad),
    ):
        with pytest.raises(InputError, match="list"):
            call()
    assert gallery.audit_tail(99) == before
    assert gallery.keys.owners() == keys
    assert [(s.id, s.templates) for s in people.subjects()] == [("ada", 2), ("ben", 1)]


def test_rename_keeps_templates(people: Collection, draw: Draw) -> None:
    probe = draw()
    before = enrol(people, "ada", probe)
    enrol(people, "ben", draw())
    people.rename("ada", "countess")
    assert [t.id for t in people.templates("countess")] == [t.id for t in before]
    assert best(people, probe) == "countess"
    assert "ada" not in people
    with pytest.raises(DuplicateSubject, match="'ben'"):
        people.rename("countess", "ben")
    with pytest.raises(InputError):
        people.rename("countess", "")
    enrol(people, "ada", draw())
    assert [s.id for s in people.subjects()] == ["ada", "ben", "countess"]


def test_update_replaces_and_clears(people: Collection, draw: Draw) -> None:
    enrol(people, "ada", draw())
    ada = people.update("ada", name="Ada", metadata={"a": "b"}, expires_at=FUTURE)
    assert (ada.name, dict(ada.metadata), ada.expires_at) == ("Ada", {"a": "b"}, FUTURE)
    ada = people.update("ada", consent_ref="c", clear=["metadata", "expires_at"])
    assert (ada.name, dict(ada.metadata), ada.expires_at) == ("Ada", {}, None)
    assert ada.consent_ref == "c"
    with pytest.raises(InputError):
        people.update("ada", metadata={"a": 1})  # type: ignore[dict-item]


def test_merge_moves_templates_without_touching_them(people: Collection, draw: Draw) -> None:
    mine, other = draw(), draw()
    enrol(people, "ada", mine)
    (moved,) = enrol(people, "countess", other)
    people.update("ada", expires_at=FUTURE + timedelta(1))
    people.update("countess", expires_at=FUTURE)
    with people.desk.store.read() as c:
        sealed = c.exec_driver_sql("SELECT id, sealed FROM templates ORDER BY id").all()
    people.merge("countess", "ada")
    with people.desk.store.read() as c:
        assert c.exec_driver_sql("SELECT id, sealed FROM templates ORDER BY id").all() == sealed
    assert best(people, mine) == best(people, other) == "ada"
    assert moved.id in {t.id for t in people.templates("ada")}
    assert people.subject("ada").expires_at == FUTURE
    assert "countess" not in people
    with pytest.raises(InputError):
        people.merge("ada", "ada")


def test_forgetting_a_merged_subject_destroys_all_owners_keys(
    people: Collection, draw: Draw
) -> None:
    probes = {name: draw() for name in "abc"}
    for name, probe in probes.items():
        enrol(people, name, probe)
    people.merge("a", "b")
    people.merge("b", "c")
    receipt = people.forget("c")
    assert (receipt.templates, receipt.keys_destroyed) == (3, 3)
    assert len(people.desk.keys.owners()) == 2  # the gallery's and the collection's own
    assert all(best(people, probe) is None for probe in probes.values())


def test_forget_gives_a_receipt_that_the_audit_log_confirms(
    gallery: Gallery, people: Collection, draw: Draw
) -> None:
    enrol(people, "ada", draw(), draw())
    people.rename("ada", "countess")
    receipt = people.forget("countess")
    assert (receipt.collection, receipt.templates, receipt.keys_destroyed) == ("people", 2, 1)
    assert any("key store" in text for text in receipt.beyond_reach)
    records = list(gallery.audit_records())
    assert records[receipt.audit_seq - 1].action == "forget"
    assert [r.action for r in records if r.subject == receipt.subject] == [
        "enrol",
        "rename",
        "forget",
    ]
    assert gallery.audit_verify().records == len(records)
    assert len(people) == 0


def test_a_forgotten_id_can_be_enrolled_afresh(people: Collection, draw: Draw) -> None:
    old, new = draw(), draw()
    people.enrol("ada", [old], qualities=[1], name="Ada")
    people.forget("ada")
    enrol(people, "ada", new)
    assert (best(people, old), best(people, new)) == (None, "ada")
    assert people.subject("ada").name == ""


def test_expired_subjects_decide_nothing_and_purge_removes_them(
    people: Collection, draw: Draw
) -> None:
    gone, kept = draw(), draw()
    people.enrol("gone", [gone], qualities=[1], expires_at=PAST)
    people.enrol("kept", [kept], qualities=[1], expires_at=FUTURE)
    enrol(people, "open", draw())
    assert [m.subject for m in people.search(gone, 5) if m.subject == "gone"] == []
    assert len(people.search(gone, 5)) == 2
    assert "gone" not in people
    with pytest.raises(UnknownSubject, match="expired"):
        people.templates("gone")
    with pytest.raises(GalleryError, match="expired"):
        enrol(people, "gone", draw())
    assert people.subject("gone").expires_at == PAST
    (receipt,) = people.purge(datetime.now(UTC))
    assert (receipt.templates, receipt.keys_destroyed) == (1, 1)
    assert [s.id for s in people.subjects()] == ["kept", "open"]
    assert people.purge(datetime.now(UTC)) == []


def test_enrolment_with_a_new_expiry_revives_a_subject(people: Collection, draw: Draw) -> None:
    probe = draw()
    people.enrol("ada", [probe], qualities=[1], expires_at=PAST)
    people.enrol("ada", [draw()], qualities=[1], expires_at=FUTURE)
    assert best(people, probe) == "ada"


def test_remove_template(people: Collection, draw: Draw) -> None:
    kept, removed = draw(), draw()
    stored = enrol(people, "ada", kept, removed)
    people.remove_template("ada", stored[1].id)
    assert (best(people, kept), best(people, removed)) == ("ada", None)
    with pytest.raises(GalleryError, match="last"):
        people.remove_template("ada", stored[0].id)
    with pytest.raises(UnknownSubject, match=stored[1].id):
        people.remove_template("ada", stored[1].id)


def test_removing_the_last_template_of_a_merge_destroys_its_key(
    people: Collection, draw: Draw
) -> None:
    enrol(people, "ada", draw())
    (moved,) = enrol(people, "countess", draw())
    people.merge("countess", "ada")
    keys = len(people.desk.keys.owners())
    people.remove_template("ada", moved.id)
    assert len(people.desk.keys.owners()) == keys - 1


def test_records_of_decisions_reach_the_log(
    gallery: Gallery, people: Collection, draw: Draw
) -> None:
    enrol(people, "ada", draw())
    people.record("verify", "ada", {"accepted": True})
    people.record("identify", None, {"decision": "unknown"})
    people.record("verify", "forgotten meanwhile", {"accepted": False})
    enrolled, *rest = gallery.audit_tail(4)
    assert [r.action for r in rest] == ["verify", "identify", "verify"]
    assert rest[0].subject == enrolled.subject is not None
    assert rest[1].subject is rest[2].subject is None
    assert rest[0].details == {"accepted": True}


def crop(seed: int) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (12, 10, 3), np.uint8)


def test_crops_are_kept_only_where_wanted(gallery: Gallery, draw: Draw) -> None:
    for name, keep in (("kept", True), ("not", False)):
        people = gallery.collection(name, model="m", dim=128, keep_crops=keep)
        assert people.keep_crops is keep
        stored = people.enrol("ada", [draw(), draw()], qualities=[1, 1], crops=[crop(1), None])
        found = dict(people.crops("ada"))
        assert list(found) == ([stored[0].id] if keep else [])
        if keep:
            np.testing.assert_array_equal(found[stored[0].id], crop(1))


def test_the_crop_of_one_template(gallery: Gallery, draw: Draw) -> None:
    people = gallery.collection("kept", model="m", dim=128, keep_crops=True)
    crops = [crop(1), None, crop(2)]
    stored = people.enrol("ada", [draw() for _ in crops], qualities=[1] * 3, crops=crops)
    for template, kept in zip(stored, crops, strict=True):
        np.testing.assert_array_equal(people.crop("ada", template.id), kept)
    assert people.crop("ada", "0") is None
    with pytest.raises(UnknownSubject):
        people.crop("ben", stored[0].id)


def test_a_crop_of_another_kind_stores_nothing(gallery: Gallery, draw: Draw) -> None:
    people = gallery.collection("kept", model="m", dim=128, keep_crops=True)
    owners = people.desk.keys.owners()
    with pytest.raises(InputError, match="float64"):
        people.enrol("ada", [draw()], qualities=[1], crops=[np.zeros((4, 4, 3))])  # type: ignore[list-item]
    assert "ada" not in people
    assert people.desk.keys.owners() == owners


def embed(image: Image) -> Embedding:
    return Embedding.of(np.random.default_rng(int(image.sum())).standard_normal(16), "new")


def test_reembed_makes_all_vectors_anew(gallery: Gallery, draw: Draw) -> None:
    people = gallery.collection("kept", model="m", dim=128, keep_crops=True)
    for i in range(3):
        people.enrol(f"s{i}", [draw()], qualities=[0.25], crops=[crop(i)])
    people.merge("s2", "s1")
    assert people.reembed("new", 16, embed, details={"request": "r1", "to": "own wins"}) == 3
    told = {"request": "r1", "from": "m", "to": "new", "templates": 3}
    assert gallery.audit_tail(1)[0].details == told
    assert (people.model, people.dim, len(people)) == ("new", 16, 3)
    assert best(people, embed(crop(0))) == "s0"
    assert best(people, embed(crop(2))) == "s1"
    assert {t.quality for t in people.templates("s1")} == {0.25}
    with pytest.raises(ModelMismatch):
        people.search(draw(), 1)
    with pytest.raises(GalleryError, match="already"):
        people.reembed("new", 16, embed)


def test_reembed_needs_every_crop_and_the_right_model(gallery: Gallery, draw: Draw) -> None:
    people = gallery.collection("kept", model="m", dim=128, keep_crops=True)
    probe = draw()
    people.enrol("ada", [probe, draw()], qualities=[1, 1], crops=[crop(1), None])
    with pytest.raises(GalleryError, match="1 templates"):
        people.reembed("new", 16, embed)
    with pytest.raises(GalleryError):
        people.reembed("m", 128, embed)
    people.forget("ada")
    people.enrol("ada", [probe], qualities=[1], crops=[crop(1)])
    with pytest.raises(ModelMismatch, match="new"):
        people.reembed("new", 17, embed)
    assert (people.model, best(people, probe)) == ("m", "ada")


SEALED = [("subjects", "profile"), ("templates", "sealed")]


@pytest.mark.parametrize(("table", "column"), SEALED)
@pytest.mark.parametrize("at", [0, 11, 12, 40, -17, -16, -1])
def test_one_changed_byte_and_nothing_is_loaded(
    home: Path, keyring: Keyring, draw: Draw, table: str, column: str, at: int
) -> None:
    probes = [draw() for _ in range(5)]
    with Gallery(home, keyring) as gallery:
        people = gallery.collection("people", model="m", dim=128)
        for i, probe in enumerate(probes):
            enrol(people, f"s{i}", probe)
        flip(people, table, column, at)
    with Gallery(home, keyring) as gallery:
        with pytest.raises(TamperedTemplate):
            gallery.collection("people", model="m", dim=128)
        people = gallery.open_collection("people")
        for probe in probes:
            with pytest.raises(TamperedTemplate):
                people.search(probe, 1)
        with pytest.raises(TamperedTemplate):
            list(people.subjects())
        with pytest.raises(TamperedTemplate):
            [people.templates(f"s{i}") and people.subject(f"s{i}") for i in range(5)]


def flip(people: Collection, table: str, column: str, at: int) -> None:
    key = "template" if table == "crops" else "id"
    with people.desk.store.write() as c:
        row, blob = c.exec_driver_sql(f"SELECT {key}, {column} FROM {table} LIMIT 1").one()
        changed = bytearray(blob)
        changed[at] ^= 1
        c.exec_driver_sql(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (bytes(changed), row))


def test_a_changed_crop_is_not_shown(gallery: Gallery, draw: Draw) -> None:
    people = gallery.collection("kept", model="m", dim=128, keep_crops=True)
    people.enrol("ada", [draw()], qualities=[1], crops=[crop(1)])
    flip(people, "crops", "sealed", 30)
    with pytest.raises(TamperedTemplate):
        list(people.crops("ada"))


def test_a_moved_template_is_not_given_as_another_subjects(people: Collection, draw: Draw) -> None:
    enrol(people, "ada", draw())
    enrol(people, "eve", draw())
    with people.desk.store.write() as c:
        c.exec_driver_sql("UPDATE templates SET subject = 1")
    with pytest.raises(TamperedTemplate):
        people.templates("ada")


def test_rows_cannot_be_put_in_each_others_place(home: Path, keyring: Keyring, draw: Draw) -> None:
    """Whoever can write the database but has no keys makes nobody else of a face."""
    attacks = {
        "a template to another subject": "UPDATE templates SET subject = 3 - subject",
        "a sealed vector to another row": "UPDATE templates SET sealed = "
        "(SELECT sealed FROM templates AS t WHERE t.id <> templates.id)",
        "an owner to another subject": "UPDATE templates SET owner = "
        "(SELECT uid FROM subjects WHERE id <> templates.subject)",
        "another model": "UPDATE collections SET model = 'n'",
    }
    for number, (what, attack) in enumerate(attacks.items()):
        with Gallery(home / str(number), keyring) as gallery:
            people = gallery.collection("people", model="m", dim=128)
            enrol(people, "ada", draw())
            enrol(people, "eve", draw())
            with people.desk.store.write() as c:
                c.exec_driver_sql(attack)
        with Gallery(home / str(number), keyring) as gallery:
            people = gallery.open_collection("people")
            with pytest.raises(TamperedTemplate):
                people.load()
            assert len(people._roster._state.ids) == 0, what


def test_exchanged_lookups_do_not_give_one_subject_for_another(
    people: Collection, draw: Draw
) -> None:
    enrol(people, "ada", draw())
    enrol(people, "eve", draw())
    with people.desk.store.write() as c:
        found = dict(c.exec_driver_sql("SELECT id, lookup FROM subjects").all())
        for ident, lookup in ((1, "x"), (2, found[1]), (1, found[2])):
            c.exec_driver_sql("UPDATE subjects SET lookup = ? WHERE id = ?", (lookup, ident))
    for call in (people.subject, people.templates):
        with pytest.raises(TamperedTemplate):
            call("ada")


@dataclass
class Model:
    """What a collection should hold, in plain Python."""

    subjects: dict[str, dict[str, Embedding]] = field(default_factory=dict)

    def search(self, probe: Embedding, k: int) -> tuple[Match, ...]:
        found = []
        for subject, templates in self.subjects.items():
            score, name = max((probe.similarity(e), t) for t, e in templates.items())
            found.append(Match(subject, score, name))
        return tuple(sorted(found, key=lambda m: -m.score)[:k])


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_a_plain_model_through_random_calls(
    home: Path, keyring: Keyring, draw: Draw, seed: int
) -> None:
    """Two galleries on one directory take turns, one is now and then opened afresh."""
    rnd, model = random.Random(seed), Model()
    galleries = [Gallery(home, keyring) for _ in range(2)]
    names = [f"s{i}" for i in range(12)]
    for _ in range(90):
        turn = rnd.randrange(2)
        if rnd.random() < 0.05:
            galleries[turn].close()
            galleries[turn] = Gallery(home, keyring)
        people = galleries[turn].collection("people", model="m", dim=128)
        step(people, model, rnd, names, draw)
        probe = draw()
        for gallery in galleries:
            other = gallery.collection("people", model="m", dim=128)
            found, expected = other.search(probe, 4), model.search(probe, 4)
            assert [(m.subject, m.template) for m in found] == [
                (m.subject, m.template) for m in expected
            ]
            np.testing.assert_allclose(
                [m.score for m in found], [m.score for m in expected], atol=1e-6
            )
            assert len(other) == sum(map(len, model.subjects.values()))
    assert [s.id for s in people.subjects()] == sorted(model.subjects)
    for subject, templates in model.subjects.items():
        assert {t.id for t in people.templates(subject)} == set(templates)
    assert not galleries[0].orphans()
    galleries[1].close()
    galleries[0].audit_verify()
    galleries[0].close()


def step(
    people: Collection, model: Model, rnd: random.Random, names: list[str], draw: Draw
) -> None:
    one, two = rnd.choice(names), rnd.choice(names)
    match rnd.choice(["enrol", "enrol", "enrol", "rename", "merge", "forget", "remove"]):
        case "enrol":
            stored = enrol(people, one, *(draw() for _ in range(rnd.randint(1, 3))))
            model.subjects.setdefault(one, {}).update({t.id: t.embedding for t in stored})
        case "rename" if one in model.subjects and two not in model.subjects:
            people.rename(one, two)
            model.subjects[two] = model.subjects.pop(one)
        case "merge" if one in model.subjects and two in model.subjects and one != two:
            people.merge(one, two)
            model.subjects[two].update(model.subjects.pop(one))
        case "forget" if one in model.subjects:
            assert people.forget(one).templates == len(model.subjects.pop(one))
        case "remove" if len(model.subjects.get(one, ())) > 1:
            template = rnd.choice(sorted(model.subjects[one]))
            people.remove_template(one, template)
            del model.subjects[one][template]
