from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Semaphore

import numpy as np
import pytest

from visavis.batching import batch
from visavis.errors import (
    ConfigError,
    DuplicateSubject,
    EnrolmentRejected,
    LowQuality,
    ModelMismatch,
    NoFace,
    NotLive,
    UnknownSubject,
)
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.pipeline import Pipeline
from visavis.policy import Policy, QualityLimits
from visavis.protocols import LivenessCheck
from visavis.recognizer import Recognizer
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo
from visavis.types import Image

KEYS = Keyring([bytes(range(32))])


def recognizer_at(folder: Path, model: str = "fake-1", keep_crops: bool = False) -> Recognizer:
    pipeline = Pipeline(FakeDetector(), FakeEmbedder(model=model))
    return Recognizer(pipeline, Gallery(folder, KEYS), keep_crops=keep_crops)


@pytest.fixture
def recognizer(tmp_path: Path) -> Iterator[Recognizer]:
    with recognizer_at(tmp_path) as made:
        yield made


def shots(*people: str, count: int = 3) -> list[Image]:
    return [fake_photo(*people, noise=4, seed=seed) for seed in range(count)]


def test_somebody_enrolled_is_identified_and_a_stranger_is_unknown(recognizer: Recognizer) -> None:
    recognizer.enrol("ada", shots("ada"))
    recognizer.enrol("ben", shots("ben"))
    found = recognizer.identify(fake_photo("cy", "ada", "ben", noise=4, seed=9))
    assert [i.subject for i in found] == [None, "ada", "ben"]
    assert [i.decision for i in found] == ["unknown", "match", "match"]
    assert all(i.threshold.rate == recognizer.policy.fpir for i in found)


def test_an_image_without_faces_identifies_nobody(recognizer: Recognizer) -> None:
    assert recognizer.identify(fake_photo()) == []


def test_identifying_in_an_empty_gallery_finds_unknown_people(recognizer: Recognizer) -> None:
    [found] = recognizer.identify(fake_photo("ada"))
    assert (found.decision, found.candidates, found.margin) == ("unknown", (), None)


def test_verification_carries_its_evidence(recognizer: Recognizer) -> None:
    recognizer.enrol("ada", shots("ada"))
    right = recognizer.verify("ada", fake_photo("ada", noise=4, seed=9))
    wrong = recognizer.verify("ada", fake_photo("ben"))
    assert right.accepted
    assert not wrong.accepted
    assert right.threshold.rate == recognizer.policy.fmr
    assert (right.model, right.subject) == ("fake-1", "ada")
    with pytest.raises(UnknownSubject):
        recognizer.verify("nobody", fake_photo("ada"))


def test_compare_needs_no_gallery() -> None:
    recognizer = Recognizer(Pipeline(FakeDetector(), FakeEmbedder()))
    assert recognizer.compare(fake_photo("ada"), fake_photo("ada", noise=3)).accepted
    assert not recognizer.compare(fake_photo("ada"), fake_photo("ben")).accepted
    with pytest.raises(ConfigError, match="without one"):
        recognizer.enrol("ada", fake_photo("ada"))


def test_photos_that_fail_come_back_with_index_and_reason(recognizer: Recognizer) -> None:
    photos = [*shots("ada", count=2), fake_photo(), fake_photo("ben"), b"not an image"]
    enrolment = recognizer.enrol("ada", photos)
    assert len(enrolment.templates) == 2
    codes = [(r.index, r.code) for r in enrolment.rejected]
    assert codes == [(2, "no_face"), (3, "photos_disagree"), (4, "bad_image")]


def test_a_single_photo_raises_its_own_error_and_stores_nothing(recognizer: Recognizer) -> None:
    with pytest.raises(NoFace):
        recognizer.enrol("ada", fake_photo())
    with pytest.raises(EnrolmentRejected, match="none of 2 photos") as caught:
        recognizer.enrol("ada", [fake_photo(), b""])
    assert [r.code for r in caught.value.rejections] == ["no_face", "bad_image"]
    assert list(recognizer.subjects()) == []


def test_one_person_cannot_be_enrolled_under_two_ids(recognizer: Recognizer) -> None:
    recognizer.enrol("ada", shots("ada"))
    with pytest.raises(DuplicateSubject):
        recognizer.enrol("twin", fake_photo("ada", noise=4, seed=9))
    recognizer.enrol("twin", fake_photo("ada", noise=4, seed=9), policy=Policy(review="off"))
    [found] = recognizer.identify(fake_photo("ada", noise=4, seed=10))
    assert (found.decision, found.subject) == ("ambiguous", None)


def test_later_photos_must_show_the_same_person(recognizer: Recognizer) -> None:
    recognizer.enrol("ada", shots("ada"))
    with pytest.raises(EnrolmentRejected):
        recognizer.enrol("ada", shots("ben", count=2))
    assert len(recognizer.enrol("ada", shots("ada", count=4)[3:]).templates) == 1
    assert len(recognizer.collection) == 4


def test_forgetting_leaves_nobody(recognizer: Recognizer) -> None:
    recognizer.enrol("ada", shots("ada"))
    receipt = recognizer.forget("ada")
    assert (receipt.templates, receipt.keys_destroyed) == (3, 1)
    assert recognizer.identify(fake_photo("ada"))[0].candidates == ()
    with pytest.raises(UnknownSubject):
        recognizer.forget("ada")


def test_a_policy_of_one_call_replaces_the_recognizers(recognizer: Recognizer) -> None:
    recognizer.enrol("ada", shots("ada"))
    probe = fake_photo("ada", noise=4, seed=9)
    assert not recognizer.verify("ada", probe, Policy(threshold=1.0)).accepted
    with pytest.raises(LowQuality):
        recognizer.verify("ada", probe, Policy(limits=QualityLimits(min_size=1000)))
    [found] = recognizer.identify(probe, Policy(limits=QualityLimits(min_size=1000)))
    assert found.decision == "low_quality"


def test_a_collection_of_another_model_is_refused(tmp_path: Path) -> None:
    with recognizer_at(tmp_path) as first:
        first.enrol("ada", shots("ada"))
    with pytest.raises(ModelMismatch, match=r"fake-1.*fake-2|fake-2.*fake-1"):
        recognizer_at(tmp_path, model="fake-2")


def test_crops_are_kept_only_when_asked_for(tmp_path: Path) -> None:
    for name, keep in (("without", False), ("with", True)):
        with recognizer_at(tmp_path / name, keep_crops=keep) as made:
            made.enrol("ada", shots("ada", count=1))
            assert len(list(made.collection.crops("ada"))) == keep


def test_decisions_are_audited_without_biometrics(recognizer: Recognizer, tmp_path: Path) -> None:
    recognizer.enrol("ada", shots("ada"))
    recognizer.verify("ada", fake_photo("ada"))
    recognizer.identify(fake_photo("ada", "ben"))
    recognizer.close()
    with Gallery(tmp_path, KEYS) as gallery:
        records = list(gallery.audit_records())
        gallery.audit_verify()
    assert [r.action for r in records] == [
        "collection_created", "enrol", "verify", "identify", "identify",
    ]  # fmt: skip
    assert records[1].subject == records[2].subject == records[3].subject != "ada"
    assert records[4].subject is None
    assert records[4].details["decision"] == "unknown"


def test_who_asked_is_recorded_with_every_decision(recognizer: Recognizer, tmp_path: Path) -> None:
    origin = {"request": "r1", "key": "k1", "live": "own wins", "accepted": "own wins"}
    recognizer.enrol("ada", shots("ada"), details=origin)
    recognizer.verify("ada", fake_photo("ada"), details=origin)
    recognizer.identify(fake_photo("ada", "ben"), details=origin)
    recognizer.forget("ada", details=origin)
    recognizer.close()
    with Gallery(tmp_path, KEYS) as gallery:
        records = {r.action: r for r in gallery.audit_page(request="r1")}
        assert len(gallery.audit_page(request="r1", action="identify")) == 2
    assert set(records) == {"enrol", "verify", "identify", "forget"}
    assert {r.details["key"] for r in records.values()} == {"k1"}
    decided = [records[action].details for action in ("enrol", "verify", "identify")]
    assert [details["live"] for details in decided] == ["unchecked"] * 3
    assert decided[1]["accepted"] is True


def test_a_deleted_collection_identifies_nobody(tmp_path: Path) -> None:
    photo = fake_photo("ada")
    with Gallery(tmp_path, KEYS) as gallery:
        recognizer = Recognizer(Pipeline(FakeDetector(), FakeEmbedder()), gallery)
        recognizer.enrol("ada", photo)
        gallery.delete_collection("default")
        for attempt in (
            lambda: recognizer.identify(photo),
            lambda: recognizer.verify("ada", photo),
            lambda: recognizer.enrol("ada", photo),
            lambda: recognizer.forget("ada"),
            lambda: list(recognizer.subjects()),
        ):
            with pytest.raises(UnknownSubject):
                attempt()
        anew = Recognizer(Pipeline(FakeDetector(), FakeEmbedder()), gallery)
        assert anew.identify(photo)[0].candidates == ()


def test_a_collection_deleted_during_identification_gives_nobody_away(tmp_path: Path) -> None:
    people = [f"person-{i}" for i in range(12)]
    with Gallery(tmp_path, KEYS) as gallery:
        recognizer = Recognizer(Pipeline(FakeDetector(), FakeEmbedder()), gallery)
        for person in people:
            recognizer.enrol(person, fake_photo(person))
        under_way, deleted = Semaphore(0), Event()

        def identify(person: str) -> list[str | None]:
            """Whom it found in calls that ended before the deletion, or began after it."""
            found: list[str | None] = []
            photo = fake_photo(person, noise=4, seed=9)
            while len(found) < 10_000:
                late = deleted.is_set()
                try:
                    found.append(recognizer.identify(photo)[0].subject)
                except UnknownSubject:
                    return found
                if len(found) == 3:
                    under_way.release()
                if late:
                    break
            return [*found, "served after it was deleted"]

        with ThreadPoolExecutor(len(people)) as pool:
            outcomes = [pool.submit(identify, person) for person in people]
            for _ in people:
                under_way.acquire()
            gallery.delete_collection("default")
            deleted.set()
            for person, outcome in zip(people, outcomes, strict=True):
                assert set(outcome.result()) == {person}
        gallery.audit_verify()


def test_many_threads_enrol_and_identify_at_once(recognizer: Recognizer) -> None:
    people = [f"person-{i}" for i in range(12)]
    enrolled = batch(lambda p: recognizer.enrol(p, shots(p, count=2)), people, workers=8)
    assert [o.unwrap().subject for o in enrolled] == people
    probes = [fake_photo(p, noise=4, seed=9) for p in people]
    found = [o.unwrap()[0].subject for o in batch(recognizer.identify, probes, workers=8)]
    assert found == people


def test_of_two_threads_only_one_can_enrol_a_person(recognizer: Recognizer) -> None:
    photo = fake_photo("ada")
    outcomes = list(batch(lambda i: recognizer.enrol(f"id-{i}", photo), range(8), workers=8))
    assert sum(o.error is None for o in outcomes) == 1
    assert {o.error.code for o in outcomes if o.error} == {"duplicate_subject"}
    assert len(recognizer.collection) == 1


def test_detect_and_embed_see_every_face(recognizer: Recognizer) -> None:
    photo = fake_photo("ada", "ben")
    assert len(recognizer.detect(photo)) == len(recognizer.embed(photo)) == 2
    assert np.isclose(np.linalg.norm(recognizer.embed(photo)[0].embedding.vector), 1)


REQUIRED, REPORTED = Policy(liveness="require"), Policy(liveness="report")


def checked_at(folder: Path, check: LivenessCheck) -> Recognizer:
    return Recognizer(Pipeline(FakeDetector(), FakeEmbedder(), check), Gallery(folder, KEYS))


@pytest.fixture
def spoofed(tmp_path: Path) -> Iterator[Recognizer]:
    """Ada is enrolled; every face looks like a print."""
    check = FakeLiveness(0.1, 0.5, "print", ("looks_like_print",))
    with checked_at(tmp_path, check) as made:
        made.enrol("ada", shots("ada"))
        yield made


def test_a_face_that_is_not_live_decides_nothing(spoofed: Recognizer) -> None:
    probe = fake_photo("ada", noise=4, seed=9)
    for attempt in (
        lambda: spoofed.verify("ada", probe, REQUIRED),
        lambda: spoofed.compare(probe, probe, REQUIRED),
        lambda: spoofed.enrol("ada", probe, policy=REQUIRED),
    ):
        with pytest.raises(NotLive, match="looks_like_print") as caught:
            attempt()
        assert caught.value.liveness is not None
        assert caught.value.liveness.species == "print"
    [found] = spoofed.identify(probe, REQUIRED)
    assert (found.decision, found.subject) == ("not_live", None)
    assert found.candidates[0].subject == "ada"
    assert len(spoofed.collection) == 3


def test_a_report_refuses_nothing(spoofed: Recognizer) -> None:
    probe = fake_photo("ada", noise=4, seed=9)
    verified = spoofed.verify("ada", probe, REPORTED)
    [found] = spoofed.identify(probe, REPORTED)
    assert (verified.accepted, verified.live) == (True, False)
    assert (found.decision, found.subject) == ("match", "ada")
    assert found.sample.liveness is not None
    assert spoofed.compare(probe, probe, REPORTED).accepted
    assert spoofed.enrol("ada", shots("ada", count=4)[3:], policy=REPORTED).templates


def test_a_live_face_is_as_good_as_unchecked(tmp_path: Path) -> None:
    with checked_at(tmp_path, FakeLiveness(0.9)) as recognizer:
        recognizer.enrol("ada", shots("ada"), policy=REQUIRED)
        probe = fake_photo("ada", noise=4, seed=9)
        verified = recognizer.verify("ada", probe, REQUIRED)
        assert verified.accepted
        assert verified.live
        assert recognizer.identify(probe, REQUIRED)[0].subject == "ada"


def test_photos_of_an_enrolment_are_checked_one_by_one(spoofed: Recognizer) -> None:
    with pytest.raises(EnrolmentRejected) as caught:
        spoofed.enrol("ben", shots("ben"), policy=REQUIRED)
    assert {r.code for r in caught.value.rejections} == {"not_live"}
    assert "scored 0.1000, needed 0.5000" in caught.value.rejections[0].reason


def test_a_call_that_asks_for_a_check_where_there_is_none_is_refused(
    recognizer: Recognizer,
) -> None:
    recognizer.enrol("ada", shots("ada"))
    for attempt in (
        lambda: recognizer.verify("ada", fake_photo("ada"), REQUIRED),
        lambda: recognizer.identify(fake_photo("ada"), REQUIRED),
        lambda: recognizer.enrol("ada", fake_photo("ada"), policy=REPORTED),
        lambda: recognizer.compare(fake_photo("ada"), fake_photo("ada"), REPORTED),
    ):
        with pytest.raises(ConfigError, match="no liveness check is loaded"):
            attempt()


@pytest.mark.parametrize(
    ("check", "policy", "said"),
    [
        (FakeLiveness(0.9), REPORTED, "yes"),
        (FakeLiveness(0.1), REPORTED, "no"),
        (FakeLiveness(None), REPORTED, "unknown"),
        (FakeLiveness(0.1), Policy(), "unchecked"),
    ],
)
def test_the_audit_log_says_whether_a_face_was_live(
    tmp_path: Path, check: LivenessCheck, policy: Policy, said: str
) -> None:
    with checked_at(tmp_path, check) as recognizer:
        recognizer.enrol("ada", shots("ada"), policy=policy)
        recognizer.verify("ada", fake_photo("ada"), policy)
        recognizer.identify(fake_photo("ada"), policy)
    with Gallery(tmp_path, KEYS) as gallery:
        records = list(gallery.audit_records())[1:]
    assert [r.action for r in records] == ["enrol", "verify", "identify"]
    assert [r.details["live"] for r in records] == [said] * 3
    assert "0.1" not in str([r.details for r in records])


def test_the_audit_log_holds_attempts_with_a_face_that_was_not_live(
    spoofed: Recognizer, tmp_path: Path
) -> None:
    with pytest.raises(NotLive):
        spoofed.verify("ada", fake_photo("ada"), REQUIRED)
    spoofed.close()
    with Gallery(tmp_path, KEYS) as gallery:
        enrolled, refused = list(gallery.audit_records())[1:]
    assert refused.action == "verify"
    assert refused.subject == enrolled.subject
    assert dict(refused.details) == {"accepted": False, "live": "no"}


def test_the_audit_log_holds_enrolments_with_a_face_that_was_not_live(
    spoofed: Recognizer, tmp_path: Path
) -> None:
    origin = {"request": "r1", "accepted": "own wins"}
    with pytest.raises(NotLive):
        spoofed.enrol("ada", fake_photo("ada"), policy=REQUIRED, details=origin)
    with pytest.raises(EnrolmentRejected):
        spoofed.enrol("ben", [fake_photo("ben"), fake_photo()], policy=REQUIRED, details=origin)
    with pytest.raises(NoFace):
        spoofed.enrol("ada", fake_photo(), policy=REQUIRED, details=origin)
    spoofed.close()
    with Gallery(tmp_path, KEYS) as gallery:
        enrolled, one, several = list(gallery.audit_records())[1:]
    assert one.action == several.action == "enrol"
    assert one.subject == enrolled.subject
    assert several.subject is None  # nobody is enrolled under that id
    told = {"request": "r1", "accepted": False, "live": "no"}
    assert dict(one.details) == dict(several.details) == told
