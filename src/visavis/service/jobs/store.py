"""Jobs as rows: how far each is, durably, and the keys of the photos that wait.

A portion's key leaves its row before its photos leave the disk.
"""

import json
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from visavis.service.admission import Overloaded
from visavis.service.database import ServiceDatabase
from visavis.service.errors import NotHere
from visavis.service.jobs.reports import Report, Seals
from visavis.service.jobs.rows import OPEN, job, jobs, next_portion, now, portions, task
from visavis.service.jobs.values import (
    UNFINISHED,
    Item,
    Job,
    Order,
    Place,
    Portion,
    Result,
    State,
    Task,
)

_SOON: Final = 60.0


class JobStore:
    """The jobs of a service. Thread-safe; raises DatabaseUnusable where its database refuses."""

    def __init__(self, database: ServiceDatabase, seals: Seals) -> None:
        self._database = database
        self._seals = seals

    def check_room(self, most: int) -> None:
        """Raises Overloaded where as many jobs are unfinished."""
        query = select(func.count()).where(jobs.c.state.in_(UNFINISHED))
        with self._database.read() as c:
            count = c.scalar(query) or 0
        if count >= most:
            raise Overloaded(f"expected fewer than {most} unfinished jobs, got {count}", _SOON)

    def add(
        self,
        ident: str,
        order: Order,
        parts: Sequence[Portion],
        keys: Sequence[bytes],
        places: Sequence[Place],
    ) -> Job:
        """A new job, whose sealed photos are on disk."""
        values = {
            "id": ident,
            "collection": order.collection,
            "state": "queued",
            "policy": json.dumps(dict(order.policy)),
            "origin": json.dumps(dict(order.origin)),
            "total": sum(len(part.files) for part in parts),
            "created_at": now(),
        }
        firsts = accumulate((len(part.files) for part in parts), initial=0)
        rows = [
            {
                "job": ident,
                "number": number,
                "state": "waiting",
                "first": first,
                "photos": len(part.files),
                "offset": place.offset,
                "sizes": json.dumps(place.sizes),
                "lookup": self._seals.lookup(order.collection, part.subject),
                "sealed_key": self._seals.seal_key(key, ident, number),
                "sealed_report": self._seals.seal_report(
                    Report.waiting(part.subject, part.files), ident, number
                ),
            }
            for number, (part, key, place, first) in enumerate(
                zip(parts, keys, places, firsts, strict=False)
            )
        ]
        with self._database.write() as c:
            c.execute(insert(jobs).values(**values))
            c.execute(insert(portions), rows)
            return job(_row(c, order.collection, ident))

    def get(self, collection: str, ident: str) -> Job:
        """Raises NotHere for a job that is not of this collection."""
        with self._database.read() as c:
            return job(_row(c, collection, ident))

    def page(self, collection: str, before: int | None, limit: int) -> list[Job]:
        """Up to `limit` jobs of a collection, the newest first, numbered below `before`."""
        query = select(jobs).where(jobs.c.collection == collection)
        if before is not None:
            query = query.where(jobs.c.number < before)
        with self._database.read() as c:
            return [
                job(row) for row in c.execute(query.order_by(jobs.c.number.desc()).limit(limit))
            ]

    def states(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        query = select(jobs.c.state, func.count()).group_by(jobs.c.state)
        with self._database.read() as c:
            return {row.state: row[1] for row in c.execute(query)}

    def items(self, collection: str, ident: str, start: int, limit: int) -> list[Item]:
        """Up to `limit` photos of a job from the number `start` on. Raises NotHere."""
        query = select(portions).where(
            portions.c.job == ident,
            portions.c.first + portions.c.photos > start,
            portions.c.first < start + limit,
        )
        with self._database.read() as c:
            _row(c, collection, ident)
            rows = c.execute(query.order_by(portions.c.number)).all()
        found = (item for row in rows for item in self._items(row))
        return [item for item in found if start <= item.number < start + limit]

    def begin(self) -> Task | None:
        """The portion whose turn it is, noted as begun; None where nothing waits."""
        with self._database.read() as c:
            if c.execute(next_portion()).first() is None:
                return None
        with self._database.write() as c:
            row = c.execute(next_portion()).first()
            if row is None:
                return None
            _set_portion(c, row.job, row.number, state="begun")
            started = {"state": "running", "started_at": func.coalesce(jobs.c.started_at, now())}
            unfinished = (jobs.c.id == row.job) & jobs.c.state.in_(UNFINISHED)
            c.execute(update(jobs).where(unfinished).values(**started))
            return task(row)

    def finish(self, done: Task, results: Sequence[Result]) -> bool:
        """Notes the results of a portion and destroys its key; the job is done with its last.

        False if the job was deleted meanwhile.
        """
        with self._database.write() as c:
            sealed = c.scalar(
                select(portions.c.sealed_report).where(
                    portions.c.job == done.job, portions.c.number == done.number
                )
            )
            if sealed is None:
                return False
            before = self._seals.open_report(sealed, done.job, done.number)
            report = Report(before.subject, before.files, tuple(results))
            _set_portion(
                c,
                done.job,
                done.number,
                state="done",
                sealed_key=None,
                sealed_report=self._seals.seal_report(report, done.job, done.number),
            )
            _count(c, done.job, results)
            _end_if_whole(c, done.job)
            return True

    def fail(self, ident: str, code: str) -> bool:
        """Ends a job for an error, and destroys its keys; False if it had ended before."""
        with self._database.write() as c:
            _drop_portions(c, ident, OPEN)
            return _end(c, ident, "failed", code)

    def cancel(self, collection: str, ident: str) -> Job:
        """Ends a job that is unfinished, and destroys the keys of photos that wait; a portion that
        was begun is finished. Raises NotHere.
        """
        with self._database.write() as c:
            if _row(c, collection, ident).state in UNFINISHED:
                _end(c, ident, "cancelled")
                _drop_portions(c, ident, ("waiting",))
            return job(_row(c, collection, ident))

    def delete(self, collection: str, ident: str) -> Job:
        """Removes all that is stored of a job. Raises NotHere."""
        with self._database.write() as c:
            found = job(_row(c, collection, ident))
            c.execute(delete(jobs).where(jobs.c.id == ident))
            return found

    def delete_collection(self, collection: str) -> list[str]:
        """Removes all jobs of a collection; gives their ids."""
        with self._database.write() as c:
            of = jobs.c.collection == collection
            return list(c.scalars(delete(jobs).where(of).returning(jobs.c.id)))

    def delete_ended(self, before: str) -> list[str]:
        """Removes jobs that ended before a time; gives their ids."""
        with self._database.write() as c:
            old = jobs.c.ended_at < before
            return list(c.scalars(delete(jobs).where(old).returning(jobs.c.id)))

    def forget(self, collection: str, subject: str) -> list[str]:
        """Destroys the keys of a subject's photos, and what tells that they were the subject's;
        gives the ids of their jobs.
        """
        mine = select(portions).where(portions.c.lookup == self._seals.lookup(collection, subject))
        with self._database.write() as c:
            rows = c.execute(mine).all()
            for row in rows:
                report = self._seals.open_report(row.sealed_report, row.job, row.number)
                sealed = self._seals.seal_report(report.forgotten(), row.job, row.number)
                state = "cancelled" if row.state in OPEN else row.state
                gone = {"sealed_key": None, "lookup": None, "sealed_report": sealed}
                _set_portion(c, row.job, row.number, state=state, **gone)
                _end_if_whole(c, row.job)
            return sorted({row.job for row in rows})

    def idents(self) -> set[str]:
        """The ids of all jobs."""
        with self._database.read() as c:
            return set(c.scalars(select(jobs.c.id)))

    def holding(self) -> set[str]:
        """The ids of jobs with photos that wait."""
        query = select(portions.c.job).where(portions.c.state.in_(OPEN)).distinct()
        with self._database.read() as c:
            return set(c.scalars(query))

    def open_portions(self, ident: str) -> int:
        """How many portions of a job have not ended."""
        query = select(func.count()).where(portions.c.job == ident, portions.c.state.in_(OPEN))
        with self._database.read() as c:
            return c.scalar(query) or 0

    def _items(self, row: Row[Any]) -> list[Item]:
        report = self._seals.open_report(row.sealed_report, row.job, row.number)
        if row.state == "cancelled":
            ended = tuple(
                Result("cancelled") if r.outcome == "waiting" else r for r in report.results
            )
            report = Report(report.subject, report.files, ended)
        return list(report.items(row.first))


def _row(c: Connection, collection: str, ident: str) -> Row[Any]:
    mine = (jobs.c.id == ident) & (jobs.c.collection == collection)
    row = c.execute(select(jobs).where(mine)).first()
    if row is None:
        raise NotHere(f"no job {ident[:64]!r} in collection {collection!r}")
    return row


def _set_portion(c: Connection, ident: str, number: int, **values: object) -> None:
    mine = (portions.c.job == ident) & (portions.c.number == number)
    c.execute(update(portions).where(mine).values(**values))


def _drop_portions(c: Connection, ident: str, states: Sequence[str]) -> None:
    mine = (portions.c.job == ident) & portions.c.state.in_(states)
    c.execute(update(portions).where(mine).values(state="cancelled", sealed_key=None))


def _count(c: Connection, ident: str, results: Sequence[Result]) -> None:
    outcomes = [result.outcome for result in results]
    counts = {
        "enrolled": jobs.c.enrolled + outcomes.count("enrolled"),
        "refused": jobs.c.refused + outcomes.count("refused"),
    }
    c.execute(update(jobs).where(jobs.c.id == ident).values(**counts))


def _end_if_whole(c: Connection, ident: str) -> None:
    """A job without anything left to do is done."""
    left = select(func.count()).where(portions.c.job == ident, portions.c.state.in_(OPEN))
    if not c.scalar(left):
        _end(c, ident, "done")


def _end(c: Connection, ident: str, state: State, error: str | None = None) -> bool:
    unfinished = (jobs.c.id == ident) & jobs.c.state.in_(UNFINISHED)
    ended = update(jobs).where(unfinished).values(state=state, ended_at=now(), error=error)
    return c.execute(ended).rowcount > 0
