"""One idempotency key, one job."""

from collections.abc import Callable
from typing import Any

import pytest

from visavis.service.errors import NotHere
from visavis.service.idempotency import Idempotency, IdempotencyMismatch
from visavis.service.jobs.form import JobForm
from visavis.service.jobs.intake import BadArchive
from visavis.service.jobs.once import submit_once
from visavis.service.jobs.staging import Staging
from visavis.service.jobs.store import JobStore
from visavis.service.jobs.values import Job, Order

SECRET = b"s" * 32


def form(*photos: tuple[str, bytes]) -> JobForm:
    return JobForm(None, photos)


@pytest.fixture
def send(shop: Any) -> Callable[..., Job]:
    idempotency = Idempotency(shop.database)

    def of(sent: JobForm, key: str = "k", jobs: Any = shop.jobs, **policy: Any) -> Job:
        order = Order("default", policy, {"request": "r", "key": "me"})
        return submit_once(jobs, idempotency, SECRET, order, sent, key)

    return of


def test_the_same_request_is_one_job(shop: Any, send: Callable[..., Job], png: Any) -> None:
    sent = form(("ada/1.png", png("ada")))
    first = send(sent)
    assert send(sent) == first
    shop.finish()
    assert send(sent).state == "done"
    assert send(sent, key="other").id != first.id
    assert len(shop.jobs.page("default", None, 10)) == 2
    shop.jobs.delete("default", first.id)
    with pytest.raises(NotHere):
        send(sent)


def test_another_request_with_the_key_is_refused(send: Callable[..., Job], png: Any) -> None:
    send(form(("ada/1.png", png("ada"))))
    for other in (form(("ada/1.png", png("ben"))), form(("ben/1.png", png("ada")))):
        with pytest.raises(IdempotencyMismatch):
            send(other)
    with pytest.raises(IdempotencyMismatch):
        send(form(("ada/1.png", png("ada"))), fmr=1e-3)
    with pytest.raises(IdempotencyMismatch):
        send(JobForm(b"zip", ()))


def test_what_failed_can_be_sent_again(shop: Any, send: Callable[..., Job]) -> None:
    for _ in range(2):
        with pytest.raises(BadArchive):
            send(form(("no-subject.png", b"x")))
    assert not shop.jobs.page("default", None, 10)


def test_a_job_that_was_cut_off_is_found_again(
    shop: Any, send: Callable[..., Job], png: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = form(("ada/1.png", png("ada")))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Idempotency, "finish", _interrupt)
        send(sent)
    (made,) = shop.jobs.page("default", None, 10)
    assert send(sent) == made
    assert send(sent) == made


def test_a_job_that_was_cut_off_before_it_was_stored_is_made(
    shop: Any, send: Callable[..., Job], png: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = form(("ada/1.png", png("ada")))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(JobStore, "add", _cut_off)
        patch.setattr(Staging, "remove", lambda self, ident: None)
        patch.setattr(Idempotency, "abandon", Idempotency.leave)
        send(sent)
    assert len(shop.staged) == 1
    assert send(sent).total == 1
    assert len(shop.staged) == 1


def test_a_key_that_is_free_again_makes_another_job(
    shop: Any, send: Callable[..., Job], png: Any
) -> None:
    sent = form(("ada/1.png", png("ada")))
    first = send(sent)
    with shop.database.write() as c:
        c.exec_driver_sql("delete from idempotency")
    assert send(sent).id != first.id


def _cut_off(*_: Any) -> Any:
    raise KeyboardInterrupt


def _interrupt(self: Idempotency, digest: str, status: int, body: str) -> None:
    self.leave(digest)  # as the end of the process would
    raise KeyboardInterrupt
