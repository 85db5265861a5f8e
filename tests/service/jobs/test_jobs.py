"""Jobs from end to end: every photo once, whatever happens in between, and nothing in the clear."""

import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from visavis.errors import GalleryError, UnknownSubject
from visavis.recognizer import Recognizer
from visavis.service.admission import Overloaded
from visavis.service.database import DatabaseUnusable
from visavis.service.errors import NotHere
from visavis.service.jobs import jobs as module
from visavis.service.jobs.store import JobStore
from visavis.service.jobs.values import Job

Png = Callable[..., bytes]
Open = Callable[[], Any]


class Killed(BaseException):
    """The end of the process: nobody catches it."""


@pytest.fixture
def people(png: Png) -> dict[str, bytes]:
    return {
        "ada/1.png": png("ada", seed=1, noise=2),
        "ada/2.png": png("ada", seed=2, noise=2),
        "ben/1.png": png("ben"),
        "cay/1.png": png("cay"),
    }


def kill(*_: Any, **__: Any) -> Any:
    raise Killed


def templates(shop: Any) -> dict[str, int]:
    return {s.id: s.templates for s in shop.recognizer.subjects()}


def job_of(shop: Any, job: Job) -> Job:
    found: Job = shop.jobs.get("default", job.id)
    return found


def test_everybody_is_enrolled(shop: Any, people: dict[str, bytes]) -> None:
    job = shop.submit(people)
    assert (job.state, job.total, job.done, job.started_at) == ("queued", 4, 0, None)
    assert shop.jobs.step()
    running = job_of(shop, job)
    assert (running.state, running.done, running.enrolled) == ("running", 2, 2)
    assert shop.finish() == 2
    done = job_of(shop, job)
    assert (done.state, done.done, done.enrolled, done.refused) == ("done", 4, 4, 0)
    assert done.created_at <= done.started_at <= done.ended_at
    assert templates(shop) == {"ada": 2, "ben": 1, "cay": 1}
    assert shop.counted == ["enrolled"] * 4
    assert not shop.staged


def test_items_tell_of_each_photo(shop: Any, png: Png, people: dict[str, bytes]) -> None:
    files = people | {"dov/1.png": png(), "dov/2.png": b"no picture", "eli/1.png": b"neither"}
    job = shop.submit(files)
    assert {i.result.outcome for i in shop.jobs.items("default", job.id, 0, 99)} == {"waiting"}
    shop.finish()
    items = shop.jobs.items("default", job.id, 0, 99)
    assert [i.number for i in items] == list(range(7))
    assert [f"{i.subject}/{i.file}" for i in items] == list(files)
    assert [i.result.code for i in items] == [*[None] * 4, "no_face", "bad_image", "bad_image"]
    assert all(i.result.reason for i in items[4:])
    stored = {t.id for s in ("ada", "ben", "cay") for t in shop.recognizer.collection.templates(s)}
    assert {i.result.template for i in items[:4]} == stored
    assert [i.number for i in shop.jobs.items("default", job.id, 3, 2)] == [3, 4]
    assert (job_of(shop, job).enrolled, job_of(shop, job).refused) == (4, 3)


def test_templates_belong_to_their_photos(shop: Any, png: Png) -> None:
    files = {f"ada/{i}.png": png("ada", seed=i, noise=3) for i in range(4)}
    files["ada/1.png"] = png("ada", "ben")
    job = shop.submit(files)
    shop.finish()
    items = shop.jobs.items("default", job.id, 0, 99)
    assert [i.result.outcome for i in items] == ["enrolled", "refused", "enrolled", "enrolled"]
    stored = {t.id: t.embedding for t in shop.recognizer.collection.templates("ada")}
    for item in items:
        if item.result.template:
            _, sample = shop.recognizer.pipeline.sample(
                files[f"ada/{item.file}"], shop.recognizer.policy
            )
            assert stored[item.result.template].similarity(sample.embedding) > 0.9999


def test_the_audit_log_says_whose_job_it_was(shop: Any, people: dict[str, bytes]) -> None:
    job = shop.submit(people)
    shop.finish()
    enrolled = shop.gallery.audit_page(action="enrol")
    assert [r.details["job"] for r in enrolled] == [f"{job.id}:{n}" for n in (2, 1, 0)]
    assert all((r.details["request"], r.details["key"]) == ("r-1", "k-1") for r in enrolled)
    (ended,) = shop.gallery.audit_page(action="job")
    assert (ended.details["job"], ended.details["state"]) == (job.id, "done")


def test_the_policy_of_the_order_holds(shop: Any, png: Png) -> None:
    job = shop.submit({"ada/1.png": png("ada", "ben")}, face="central")
    shop.finish()
    assert job_of(shop, job).enrolled == 1


def test_no_photo_and_no_name_is_on_disk_in_the_clear(
    shop: Any, people: dict[str, bytes], tmp_path: Path
) -> None:
    files = {f"Ada Byron King/{n}.secret": data for n, data in enumerate(people.values())}
    pieces = {p[i : i + 16] for p in files.values() for i in range(0, len(p) - 16, 16)}
    pieces = {piece for piece in pieces if len(set(piece)) > 8}  # runs of zeros are everywhere
    assert len(pieces) > 20
    job = shop.submit(files)

    def clear() -> None:
        every = [p for p in tmp_path.rglob("*") if p.is_file()]
        assert every
        for path in every:
            data = path.read_bytes()
            assert b"Byron" not in data, path
            assert b".secret" not in data, path
            assert b"IHDR" not in data, path
            assert all(piece not in data for piece in pieces)

    clear()
    for path in (*shop.staged, shop.database.path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(shop.folder.stat().st_mode) == 0o700
    shop.finish()
    clear()
    assert job_of(shop, job).done == 4


def test_keys_go_before_photos(
    shop: Any, people: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.submit(people)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(shop.jobs._staging, "cut", kill)
        shop.jobs.step()
    assert _keys(shop) == 2
    (path,) = shop.staged
    size = path.stat().st_size
    shop.jobs.step()
    assert _keys(shop) == 1
    assert path.stat().st_size < size


def _keys(shop: Any) -> int:
    with sqlite3.connect(shop.database.path) as c:
        (count,) = c.execute("select count(sealed_key) from job_portions").fetchone()
        return int(count)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_job_goes_on_after_a_kill(
    opened: Open, people: dict[str, bytes], steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = opened()
    job = before.submit(people)
    for _ in range(steps):
        before.jobs.step()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Recognizer, "enrol", kill)  # between staging and enrolment
        before.jobs.step()
    after = opened()
    assert after.finish() == 3 - steps
    assert job_of(after, job).enrolled == 4
    assert job_of(after, job).state == "done"
    assert templates(after) == {"ada": 2, "ben": 1, "cay": 1}
    assert not after.staged


def test_what_was_enrolled_and_not_noted_is_not_enrolled_again(
    opened: Open, png: Png, people: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = opened()
    files = {"ada/0.png": png(), **people, "ada/3.png": png("eva")}
    job = before.submit(files)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(JobStore, "finish", kill)  # between enrolment and its note
        before.jobs.step()
    after = opened()
    assert templates(after) == {"ada": 2}
    after.finish()
    assert templates(after) == {"ada": 2, "ben": 1, "cay": 1}
    assert len(after.gallery.audit_page(action="enrol")) == 3
    items = after.jobs.items("default", job.id, 0, 4)
    assert [i.result.code for i in items] == ["no_face", None, None, "interrupted"]
    stored = [t.id for t in after.recognizer.collection.templates("ada")]
    assert [i.result.template for i in items[1:3]] == stored
    found = job_of(after, job)
    assert (found.enrolled, found.refused, found.state) == (4, 2, "done")


def test_a_kill_after_the_last_note_leaves_no_photos(
    opened: Open, people: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = opened()
    before.submit(people)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(before.jobs._staging, "remove", kill)
        before.finish()
    assert len(before.staged) == 1
    after = opened()
    after.jobs.start()
    after.jobs.stop()
    assert not after.staged


def test_a_kill_while_staging_leaves_no_job(
    opened: Open, people: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = opened()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(JobStore, "add", kill)
        patch.setattr(before.jobs._staging, "remove", lambda ident: None)
        before.submit(people)
    (stray,) = before.staged
    after = opened()
    assert not after.jobs.page("default", None, 10)
    assert not after.jobs.step()
    os.utime(stray, (1000, 1000))
    after.jobs.start()
    after.jobs.stop()
    assert not after.staged


def test_an_error_that_may_pass_keeps_the_turn(
    shop: Any, people: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = shop.submit(people)
    for error in (GalleryError("disk full"), DatabaseUnusable("disk full")):
        with monkeypatch.context() as patch, pytest.raises(type(error)):
            patch.setattr(Recognizer, "enrol", _raising(error))
            shop.jobs.step()
    with monkeypatch.context() as patch, pytest.raises(DatabaseUnusable):
        patch.setattr(JobStore, "finish", _raising(DatabaseUnusable("disk full")))
        shop.jobs.step()
    shop.finish()
    assert job_of(shop, job).enrolled == 4
    assert templates(shop) == {"ada": 2, "ben": 1, "cay": 1}


def _raising(error: Exception) -> Callable[..., Any]:
    def raising(*_: Any, **__: Any) -> Any:
        raise error

    return raising


@pytest.mark.parametrize(
    ("error", "code"),
    [(RuntimeError("bug"), "internal"), (UnknownSubject("no such collection"), "unknown_subject")],
)
def test_an_error_of_another_kind_ends_the_job(
    shop: Any,
    people: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
) -> None:
    job = shop.submit(people)
    shop.jobs.step()
    monkeypatch.setattr(shop.jobs._enroller, "enrol", _raising(error))
    shop.finish()
    found = job_of(shop, job)
    assert (found.state, found.error, found.done) == ("failed", code, 2)
    assert [o for _, o, _ in shop.outcomes(job)] == ["enrolled"] * 2 + ["cancelled"] * 2
    assert not shop.staged
    assert _keys(shop) == 0
    assert shop.gallery.audit_page(action="job")[0].details["state"] == "failed"


def test_a_collection_that_was_deleted_ends_the_job(shop: Any, people: dict[str, bytes]) -> None:
    job = shop.submit(people)
    shop.gallery.delete_collection("default")
    shop.finish()
    assert (job_of(shop, job).state, job_of(shop, job).error) == ("failed", "unknown_subject")
    with pytest.raises(UnknownSubject):
        shop.submit(people)
    assert not shop.staged


def test_staged_photos_that_were_changed_end_the_job(shop: Any, people: dict[str, bytes]) -> None:
    job = shop.submit(people)
    (path,) = shop.staged
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    shop.finish()
    assert (job_of(shop, job).state, job_of(shop, job).error) == ("failed", "tampered_template")
    assert not templates(shop)


def test_a_cancelled_job_keeps_what_was_enrolled(shop: Any, people: dict[str, bytes]) -> None:
    job = shop.submit(people)
    shop.jobs.step()
    cancelled = shop.jobs.cancel("default", job.id)
    assert (cancelled.state, cancelled.done) == ("cancelled", 2)
    assert cancelled.ended_at is not None
    assert not shop.staged
    assert _keys(shop) == 0
    assert not shop.jobs.step()
    assert templates(shop) == {"ada": 2}
    assert [o for _, o, _ in shop.outcomes(job)] == ["enrolled"] * 2 + ["cancelled"] * 2
    assert shop.jobs.cancel("default", job.id) == cancelled


def test_cancelling_lets_the_subject_under_way_finish(
    shop: Any, people: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = shop.submit(people)
    enrol = Recognizer.enrol

    def cancelling(*args: Any, **kwargs: Any) -> Any:
        shop.jobs.cancel("default", job.id)
        assert shop.staged
        return enrol(*args, **kwargs)

    monkeypatch.setattr(Recognizer, "enrol", cancelling)
    assert shop.finish() == 1
    found = job_of(shop, job)
    assert (found.state, found.enrolled) == ("cancelled", 2)
    assert not shop.staged


@pytest.mark.parametrize("noted", [False, True])
def test_a_kill_in_a_cancelled_job_is_resolved(
    opened: Open, people: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, noted: bool
) -> None:
    before = opened()
    job = before.submit(people)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(*((JobStore, "finish") if noted else (Recognizer, "enrol")), kill)
        before.jobs.step()
    before.jobs.cancel("default", job.id)
    after = opened()
    after.finish()
    found = job_of(after, job)
    assert (found.state, found.enrolled) == ("cancelled", 2 if noted else 0)
    assert templates(after) == ({"ada": 2} if noted else {})
    first = "enrolled" if noted else "cancelled"
    assert [o for _, o, _ in after.outcomes(job)] == [first] * 2 + ["cancelled"] * 2
    assert not after.staged


def test_a_deleted_job_leaves_nothing(
    shop: Any, people: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = shop.submit(people)
    enrol = Recognizer.enrol

    def deleting(*args: Any, **kwargs: Any) -> Any:
        shop.jobs.delete("default", job.id)
        return enrol(*args, **kwargs)

    monkeypatch.setattr(Recognizer, "enrol", deleting)
    assert shop.finish() == 1
    assert templates(shop) == {"ada": 2}
    assert not shop.staged
    for method in (shop.jobs.get, shop.jobs.cancel, shop.jobs.delete):
        with pytest.raises(NotHere):
            method("default", job.id)
    with sqlite3.connect(shop.database.path) as c:
        assert c.execute("select count(*) from job_portions").fetchone() == (0,)


def test_jobs_are_of_their_collection(shop: Any, people: dict[str, bytes]) -> None:
    job = shop.submit(people)
    for method in (shop.jobs.get, shop.jobs.cancel, shop.jobs.delete):
        with pytest.raises(NotHere):
            method("other", job.id)
    with pytest.raises(NotHere):
        shop.jobs.items("other", job.id, 0, 10)
    assert shop.jobs.page("other", None, 10) == []
    assert shop.jobs.find("other", job.id) is None
    shop.jobs.delete_collection("other")
    assert shop.jobs.find("default", job.id) is not None
    shop.jobs.delete_collection("default")
    assert shop.jobs.find("default", job.id) is None
    assert not shop.staged


def test_pages_of_jobs_newest_first(shop: Any, png: Png) -> None:
    made = [shop.submit({"ada/1.png": png("ada")}) for _ in range(5)]
    first = shop.jobs.page("default", None, 2)
    rest = shop.jobs.page("default", first[-1].number, 10)
    assert [j.id for j in (*first, *rest)] == [j.id for j in reversed(made)]


def test_older_jobs_come_first(shop: Any, png: Png) -> None:
    first = shop.submit({"ada/1.png": png("ada"), "ben/1.png": png("ben")})
    second = shop.submit({"cay/1.png": png("cay")})
    assert shop.jobs.step()
    assert shop.jobs.step()
    assert (job_of(shop, first).state, job_of(shop, second).state) == ("done", "queued")


def test_a_forgotten_subject_is_in_no_job_any_more(shop: Any, people: dict[str, bytes]) -> None:
    job = shop.submit(people)
    shop.jobs.step()
    shop.jobs.forget("default", "ada")
    shop.jobs.forget("default", "cay")
    shop.jobs.forget("default", "stranger")
    assert _keys(shop) == 1
    shop.finish()
    assert shop.outcomes(job) == [
        (None, "enrolled", None),
        (None, "enrolled", None),
        ("ben", "enrolled", None),
        (None, "cancelled", None),
    ]
    found = job_of(shop, job)
    assert (found.state, found.total, found.done) == ("done", 4, 3)
    assert not shop.staged


def test_a_job_of_forgotten_people_alone_is_done(shop: Any, png: Png) -> None:
    job = shop.submit({"ada/1.png": png("ada")})
    shop.jobs.forget("default", "ada")
    assert job_of(shop, job).state == "done"
    assert not shop.staged
    assert not shop.jobs.step()


def test_somebody_who_has_expired_is_refused(shop: Any, png: Png) -> None:
    shop.recognizer.enrol("ada", [png("ada")], expires_at=datetime.now(UTC) - timedelta(seconds=1))
    job = shop.submit({"ada/1.png": png("ada"), "ben/1.png": png("ben")})
    shop.finish()
    assert shop.outcomes(job) == [("ada", "refused", "expired"), ("ben", "enrolled", None)]


def test_a_face_enrolled_under_another_id_is_refused(shop: Any, png: Png) -> None:
    shop.recognizer.enrol("ada", [png("ada")])
    job = shop.submit({"eve/1.png": png("ada"), "eva/1.png": png("ada"), "eva/2.png": png("ada")})
    shop.finish()
    assert {(o, c) for _, o, c in shop.outcomes(job)} == {("refused", "duplicate_subject")}
    assert templates(shop) == {"ada": 1}


def test_only_so_many_jobs_wait(shop: Any, png: Png) -> None:
    for n in range(shop.jobs.limits.unfinished):
        shop.submit({f"p{n}/1.png": png("ada")})
    with pytest.raises(Overloaded):
        shop.submit({"ada/1.png": png("ada")})
    shop.jobs.step()
    shop.submit({"ada/1.png": png("ada")})


def test_ended_jobs_are_kept_for_a_time(
    shop: Any, png: Png, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, waiting = (shop.submit({f"{n}/1.png": png(n)}) for n in ("ada", "ben"))
    shop.jobs.step()
    shop.jobs._sweep()
    assert shop.jobs.find("default", ended.id)
    monkeypatch.setattr(module, "KEEP", timedelta(seconds=-1))
    shop.jobs._sweep()
    assert shop.jobs.find("default", ended.id) is None
    assert shop.jobs.find("default", waiting.id)


def test_a_database_that_refuses_leaves_no_photos(
    shop: Any, people: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobStore, "add", _raising(DatabaseUnusable("disk full")))
    with pytest.raises(DatabaseUnusable):
        shop.submit(people)
    assert not shop.staged


def test_the_lane_works_jobs_off(shop: Any, people: dict[str, bytes]) -> None:
    done = threading.Event()
    shop.jobs._counted = lambda outcome: done.set() if len(templates(shop)) == 3 else None
    shop.jobs.start()
    job = shop.submit(people)
    assert done.wait(10)
    shop.jobs.stop()
    assert job_of(shop, job).state == "done"
