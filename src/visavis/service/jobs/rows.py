"""The tables of jobs, and their rows as values."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Row, Select, Table, Text, select

from visavis.gallery.sealing import stamp
from visavis.service.database import metadata
from visavis.service.jobs.values import UNFINISHED, Job, Order, Place, Task

jobs = Table(
    "jobs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("collection", Text, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("policy", Text, nullable=False),  # JSON, as origin
    Column("origin", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("enrolled", Integer, nullable=False, default=0),
    Column("refused", Integer, nullable=False, default=0),
    Column("created_at", Text, nullable=False),
    Column("started_at", Text),
    Column("ended_at", Text),
    Column("error", Text),
)
portions = Table(
    "job_portions",
    metadata,
    Column("job", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", Text, nullable=False, index=True),  # waiting, begun, done or cancelled
    Column("first", Integer, nullable=False),  # the number of its first photo
    Column("photos", Integer, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("sizes", Text, nullable=False),  # JSON
    Column("lookup", Text, index=True),  # a pseudonym of the subject
    Column("sealed_key", LargeBinary),
    Column("sealed_report", LargeBinary, nullable=False),
)
OPEN: Final = ("begun", "waiting")
"""Portions that have not ended."""


def next_portion() -> Select[Any]:
    """The portion whose turn it is: one that was interrupted, then the oldest job's next."""
    turn = (portions.c.state == "begun") | (
        (portions.c.state == "waiting") & jobs.c.state.in_(UNFINISHED)
    )
    of_job = (jobs.c.collection, jobs.c.policy, jobs.c.origin, jobs.c.state.label("job_state"))
    query = select(portions, *of_job).join(jobs, jobs.c.id == portions.c.job).where(turn)
    return query.order_by(portions.c.state, jobs.c.number, portions.c.number).limit(1)


def task(row: Row[Any]) -> Task:
    """A row of `next_portion`."""
    return Task(
        job=row.job,
        number=row.number,
        order=Order(row.collection, json.loads(row.policy), json.loads(row.origin)),
        place=Place(row.offset, tuple(json.loads(row.sizes))),
        first=row.first,
        sealed_key=row.sealed_key or b"",
        sealed_report=row.sealed_report,
        begun=row.state == "begun",
        dropped=row.job_state not in UNFINISHED,
    )


def job(row: Row[Any]) -> Job:
    """A row of `jobs`."""
    return Job(
        number=row.number,
        id=row.id,
        collection=row.collection,
        state=row.state,
        total=row.total,
        enrolled=row.enrolled,
        refused=row.refused,
        created_at=datetime.fromisoformat(row.created_at),
        started_at=_moment(row.started_at),
        ended_at=_moment(row.ended_at),
        error=row.error,
    )


def now() -> str:
    return stamp(datetime.now(UTC))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
