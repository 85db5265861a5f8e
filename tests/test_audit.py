"""The audit chain: whatever is done to the log without the key, verification finds it."""

import dataclasses
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, event, func, select, text, update
from sqlalchemy.engine import Engine

from visavis.audit import (
    EMPTY,
    Action,
    AuditChain,
    AuditEntry,
    Detail,
    encode,
    metadata,
    table,
)
from visavis.errors import BrokenAudit, ConfigError, InputError

KEY = bytes(range(32))
fields = st.lists(st.none() | st.text(st.characters(), max_size=8), max_size=6)


def open_log(path: Path) -> Engine:
    """An engine whose every transaction begins with the write lock."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 60})

    @event.listens_for(engine, "connect")
    def connect(connection: object, record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    metadata.create_all(engine)
    return engine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    engine = open_log(path)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def chain() -> AuditChain:
    return AuditChain(KEY)


def entry(number: int) -> AuditEntry:
    details = {"score": 0.5 + number / 100, "accepted": number % 2 == 0, "reason": None}
    return AuditEntry(Action.VERIFY, "staff", f"pseudonym-{number}", details)


@pytest.fixture
def ten(chain: AuditChain, connection: Connection) -> tuple[int, str]:
    """A log of ten records; its head."""
    return chain.append(connection, [entry(n) for n in range(1, 11)])


def swap(connection: Connection, one: int, other: int, columns: str) -> None:
    """Exchanges the contents of two records, as far as `columns` goes."""
    connection.execute(text("CREATE TEMP TABLE copy AS SELECT * FROM audit"))
    for seq, source in ((one, other), (other, one)):
        values = f"SELECT {columns} FROM copy WHERE seq = {source}"
        connection.execute(text(f"UPDATE audit SET ({columns}) = ({values}) WHERE seq = {seq}"))
    connection.execute(text("DROP TABLE copy"))


def cut(connection: Connection, *seqs: int) -> None:
    connection.execute(table.delete().where(table.c.seq.in_(seqs)))


def edit(connection: Connection, seq: int, **values: object) -> None:
    connection.execute(update(table).where(table.c.seq == seq).values(**values))


@settings(deadline=None)
@given(fields, fields)
def test_encoding_tells_any_two_sequences_apart(
    one: list[str | None], other: list[str | None]
) -> None:
    assert (encode(one) == encode(other)) == (one == other)


@settings(deadline=None)
@given(fields)
def test_encoding_can_be_read_back(parts: list[str | None]) -> None:
    data, found = encode(parts), list[str | None]()
    while data:
        kind, data = data[0], data[1:]
        size = int.from_bytes(data[:4], "big") if kind else 0
        found.append(data[4 : 4 + size].decode("utf-8", "surrogatepass") if kind else None)
        data = data[4 + size :] if kind else data
    assert found == parts


def test_an_empty_log_verifies(chain: AuditChain, connection: Connection) -> None:
    report = chain.verify(connection, None)
    assert (report.records, report.head, report.anchored) == (0, EMPTY, False)
    assert chain.verify(connection, EMPTY).anchored
    assert chain.append(connection, []) == EMPTY
    assert chain.tail(connection, 3) == []
    assert list(chain.iterate(connection)) == []


def test_what_was_appended_reads_back(chain: AuditChain, connection: Connection) -> None:
    before = datetime.now(UTC)
    details = {"count": 3, "score": 0.1, "ok": True, "why": None, "name": "Zoë \u2028 😀"}
    head = chain.append(connection, [AuditEntry(Action.ENROL, "staff", "ada", details)])
    (record,) = chain.iterate(connection)
    assert (record.seq, record.mac) == head
    assert (record.action, record.collection, record.subject) == ("enrol", "staff", "ada")
    assert dict(record.details) == details
    assert {name: type(value) for name, value in record.details.items()} == {
        name: type(value) for name, value in details.items()
    }
    at = datetime.fromisoformat(record.at)
    assert at.utcoffset() == timedelta(0)
    assert before <= at <= datetime.now(UTC)


def test_several_records_at_once_chain_like_single_ones(
    chain: AuditChain, connection: Connection
) -> None:
    assert chain.append(connection, [entry(1)])[0] == 1
    head = chain.append(connection, [entry(2), entry(3), entry(4)])
    assert head[0] == 4
    head = chain.append(connection, [entry(5)])
    assert chain.append(connection, []) == head
    report = chain.verify(connection, head)
    assert (report.records, report.head, report.anchored) == (5, head, True)
    assert [r.seq for r in chain.iterate(connection)] == [1, 2, 3, 4, 5]


def test_the_mac_is_the_documented_one(chain: AuditChain, connection: Connection) -> None:
    import hmac
    import json

    chain.append(connection, [entry(1), AuditEntry(Action.PURGE, None, None, {})])
    previous = ""
    for record in chain.iterate(connection):
        details = json.dumps(dict(record.details), sort_keys=True, separators=(",", ":"))
        parts: list[str | None] = ["visavis-audit-1", str(record.seq), record.at, record.action]
        parts += [record.collection, record.subject, details, previous]
        previous = hmac.digest(KEY, encode(parts), "sha256").hex()
        assert record.mac == previous


def test_tail_is_the_newest_in_order(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    assert [r.seq for r in chain.tail(connection, 3)] == [8, 9, 10]
    assert [r.seq for r in chain.tail(connection, 99)] == list(range(1, 11))
    assert chain.tail(connection, 1)[0].mac == ten[1]


def test_newest_gives_what_matches_the_newest_first(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    chain.append(connection, [AuditEntry(Action.FORGET, "visitors", "pseudonym-3")])

    def found(limit: int = 99, **asked: Any) -> list[int]:
        return [record.seq for record in chain.newest(connection, limit, **asked)]

    assert found() == list(range(11, 0, -1))
    assert found(2) == [11, 10]
    assert found(2, before=4) == [3, 2]
    assert found(after=9) == [11, 10]
    assert found(after=4, before=7) == [6, 5]
    assert found(fields={"action": "verify"}, before=3) == [2, 1]
    assert found(fields={"subject": "pseudonym-3"}) == [11, 3]
    assert found(fields={"subject": "pseudonym-3", "collection": "staff"}) == [3]
    assert found(fields={"subject": None, "collection": "visitors"}) == [11]
    assert found(fields={"action": "' OR 1"}) == []
    assert chain.newest(connection, 1, before=11)[0].mac == ten[1]


def test_newest_finds_a_detail_by_its_key_and_text_alone(
    chain: AuditChain, connection: Connection
) -> None:
    every: list[dict[str, Detail]] = [
        {"request": "r1"},
        {"request": "r1", "more": "x"},
        {"request": "r11"},
        {"key": "r1"},
        {'x"request': "r1"},
        {"note": '"request":"r1"'},
        {"request": "1"},
        {"request": 1},
        {"request": 'é"%_\\\n'},
        {},
    ]
    chain.append(connection, [AuditEntry("verify", details=details) for details in every])

    def found(value: str, n: int = 99) -> list[int]:
        return [r.seq for r in chain.newest(connection, n, detail=("request", value))]

    assert found("r1") == [2, 1]
    assert found("r1", 1) == [2]
    assert found("r11") == [3]
    assert found("1") == [7]
    assert found('é"%_\\\n') == [9]
    assert found("%") == found("") == found("R1") == []


def test_recent_looks_at_the_last_records_alone(chain: AuditChain, connection: Connection) -> None:
    assert chain.recent(connection, ("idempotency", "a"), 5) is None
    for value in ("a", "b", "a", "c", "c"):
        chain.append(connection, [AuditEntry("enrol", details={"idempotency": value})])
    found = chain.recent(connection, ("idempotency", "a"), 3)
    assert found is not None
    assert found.seq == 3
    assert chain.recent(connection, ("idempotency", "a"), 2) is None
    assert chain.recent(connection, ("idempotency", "b"), 3) is None
    assert chain.recent(connection, ("idempotency", "b"), 10_000) is not None
    assert chain.recent(connection, ("idempotency", "d"), 10_000) is None


@pytest.mark.parametrize("seq", [1, 5, 10])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "2020-01-01T00:00:00.000000+00:00"),
        ("action", "forget"),
        ("collection", "visitors"),
        ("collection", None),
        ("collection", ""),
        ("subject", "somebody"),
        ("subject", None),
        ("details", "{}"),
        ("details", '{"accepted": true}'),
        ("mac", "0" * 64),
        ("mac", ""),
        ("mac", "ſ"),
    ],
)
def test_an_edit_of_any_field_is_found(
    chain: AuditChain,
    connection: Connection,
    ten: tuple[int, str],
    seq: int,
    field: str,
    value: str | None,
) -> None:
    edit(connection, seq, **{field: value})
    with pytest.raises(BrokenAudit, match=rf"record {seq} was edited"):
        chain.verify(connection, ten)


@pytest.mark.parametrize("column", ["at", "action", "collection", "subject", "details", "mac"])
def test_the_same_text_as_bytes_is_an_edit(
    chain: AuditChain, connection: Connection, ten: tuple[int, str], column: str
) -> None:
    connection.execute(text(f"UPDATE audit SET {column} = CAST({column} AS BLOB) WHERE seq = 4"))
    with pytest.raises(BrokenAudit, match="record 4 was edited"):
        chain.verify(connection, ten)


def test_text_moved_between_fields_is_found(chain: AuditChain, connection: Connection) -> None:
    chain.append(connection, [AuditEntry("enrol", "staff", "ada", {})])
    edit(connection, 1, collection="staffa", subject="da")
    with pytest.raises(BrokenAudit, match="record 1 was edited"):
        chain.verify(connection, None)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (4, 5), (9, 10), (2, 9), (1, 10)])
def test_swapped_records_are_found(
    chain: AuditChain, connection: Connection, ten: tuple[int, str], one: int, other: int
) -> None:
    swap(connection, one, other, "at, action, collection, subject, details, mac")
    what = f"record {one} is out of order: it was written as record {other}"
    with pytest.raises(BrokenAudit, match=what):
        chain.verify(connection, ten)


def test_swapped_contents_under_unmoved_macs_are_found(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    swap(connection, 3, 7, "subject, details")
    with pytest.raises(BrokenAudit, match="record 3 was edited"):
        chain.verify(connection, ten)


@pytest.mark.parametrize("seqs", [(1,), (5,), (5, 6, 7), (1, 2), (9,), (4, 8)])
def test_a_cut_inside_is_found(
    chain: AuditChain, connection: Connection, ten: tuple[int, str], seqs: tuple[int, ...]
) -> None:
    cut(connection, *seqs)
    with pytest.raises(BrokenAudit, match=f"record {seqs[0]} is missing"):
        chain.verify(connection, None)


def test_a_cut_that_is_closed_by_renumbering_is_found(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    cut(connection, 5)
    for seq in range(6, 11):
        connection.execute(text(f"UPDATE audit SET seq = {seq - 1} WHERE seq = {seq}"))
    with pytest.raises(BrokenAudit, match="record 5 was edited"):
        chain.verify(connection, None)


def test_a_record_put_in_is_found(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    forged = dict(zip(table.c.keys(), connection.execute(select(table)).all()[-1], strict=True))
    for seq, what in ((11, "record 11 is out of order"), (0, "record 0 does not belong")):
        connection.execute(table.insert(), [forged | {"seq": seq}])
        with pytest.raises(BrokenAudit, match=what):
            chain.verify(connection, ten)
        cut(connection, seq)
    assert chain.verify(connection, ten).records == 10


@pytest.mark.parametrize("kept", [0, 1, 7, 9])
def test_a_cut_tail_is_found_with_the_anchor_alone(
    chain: AuditChain, connection: Connection, ten: tuple[int, str], kept: int
) -> None:
    cut(connection, *range(kept + 1, 11))
    report = chain.verify(connection, None)
    assert (report.records, report.anchored) == (kept, False)
    for look in (chain.verify, chain.check):
        with pytest.raises(BrokenAudit, match=rf"record {kept + 1} is missing: the anchor.* 10"):
            look(connection, ten)


def test_a_cut_tail_written_anew_is_found_with_the_anchor_alone(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    cut(connection, 9, 10)
    chain.append(connection, [entry(n) for n in range(20, 25)])
    assert chain.verify(connection, None).records == 13
    for look in (chain.verify, chain.check):
        with pytest.raises(BrokenAudit, match="record 10 differs from the anchor"):
            look(connection, ten)


@pytest.mark.parametrize("seq", [1, 6, 10])
def test_a_forged_anchor_is_found(
    chain: AuditChain, connection: Connection, ten: tuple[int, str], seq: int
) -> None:
    for anchor in ((seq, "0" * 64), (99, ten[1]), (0, "0" * 64), (-3, "")):
        with pytest.raises(BrokenAudit):
            chain.verify(connection, anchor)


def test_an_older_anchor_confirms(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    head = chain.append(connection, [entry(11)])
    assert chain.verify(connection, ten).anchored
    chain.check(connection, ten)
    chain.check(connection, head)


def test_appending_after_tampering_hides_nothing(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    original = chain.tail(connection, 8)[0]
    edit(connection, 10, subject="somebody")
    edit(connection, 3, subject="somebody")
    head = chain.append(connection, [entry(11), entry(12)])
    with pytest.raises(BrokenAudit, match="record 3 was edited"):
        chain.verify(connection, head)
    edit(connection, 3, subject=original.subject)
    with pytest.raises(BrokenAudit, match="record 10 was edited"):
        chain.verify(connection, head)


def test_another_key_does_not_verify(connection: Connection, ten: tuple[int, str]) -> None:
    with pytest.raises(BrokenAudit, match=r"record 1 .* another key"):
        AuditChain(bytes(32)).verify(connection, ten)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="got 31"):
        AuditChain(bytes(31))


def test_a_rolled_back_append_leaves_nothing(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    connection.commit()
    chain.append(connection, [entry(11), entry(12)])
    connection.rollback()
    assert chain.verify(connection, ten).head == ten
    chain.append(connection, [entry(13)])
    assert chain.verify(connection, ten).records == 11


def test_broken_details_are_a_typed_error(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    for junk in ("", "[1]", "7", "null", "{"):
        edit(connection, 4, details=junk)
        with pytest.raises(BrokenAudit, match="record 4 was edited"):
            list(chain.iterate(connection))


APPENDER = """
import sys
sys.path.insert(0, {folder!r})
from pathlib import Path
from test_audit import KEY, AuditChain, AuditEntry, open_log
engine = open_log(Path({path!r}))
chain = AuditChain(KEY)
for n in range(50):
    with engine.begin() as connection:
        subjects = [f"{name}-{{n}}-{{m}}" for m in range(n % 3)]
        chain.append(connection, [AuditEntry("verify", "staff", s) for s in subjects])
"""


def test_two_processes_append_in_one_order(path: Path, connection: Connection) -> None:
    folder = str(Path(__file__).parent)
    others = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER.format(folder=folder, path=str(path), name=name)]
        )
        for name in ("one", "two")
    ]
    assert [other.wait(timeout=120) for other in others] == [0, 0]
    chain = AuditChain(KEY)
    assert chain.verify(connection, None).records == 2 * sum(n % 3 for n in range(50))
    for name in ("one", "two"):
        expected = [f"{name}-{n}-{m}" for n in range(50) for m in range(n % 3)]
        found = [str(r.subject) for r in chain.iterate(connection)]
        assert [subject for subject in found if subject.startswith(name)] == expected


def test_two_connections_append_in_turn(path: Path) -> None:
    engine = open_log(path)
    chain = AuditChain(KEY)
    heads = []
    for n in range(6):
        with engine.begin() as connection:
            heads.append(chain.append(connection, [entry(n)]))
    with engine.connect() as one:
        assert [seq for seq, _ in heads] == [1, 2, 3, 4, 5, 6]
        for head in heads:
            chain.check(one, head)
    engine.dispose()


def test_an_append_without_the_lock_cannot_fork_the_chain(
    chain: AuditChain, connection: Connection, ten: tuple[int, str]
) -> None:
    """`seq` is the primary key: of two records with one number the second is refused."""
    from sqlalchemy.exc import IntegrityError

    row = dict(zip(table.c.keys(), connection.execute(select(table)).first() or (), strict=True))
    with pytest.raises(IntegrityError):
        connection.execute(table.insert(), [row])


def test_verification_of_a_long_log_takes_little_memory(
    chain: AuditChain, connection: Connection
) -> None:
    chain.append(connection, [entry(n) for n in range(20_000)])
    tracemalloc.start()
    try:
        report = chain.verify(connection, None)
        assert sum(1 for _ in chain.iterate(connection)) == report.records == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000  # all rows together take more than 10 MB


def test_a_search_of_a_long_log_takes_little_memory(
    chain: AuditChain, connection: Connection
) -> None:
    chain.append(connection, [entry(n) for n in range(20_000)])
    tracemalloc.start()
    try:
        [first] = chain.newest(connection, 9, fields={"subject": "pseudonym-0"})
        assert chain.newest(connection, 20_000, detail=("reason", "x")) == []
        assert chain.newest(connection, 9, fields={"action": "verify"}, detail=("score", "x")) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert first.seq == 1
    assert peak < 5_000_000


@pytest.mark.parametrize(
    "value",
    [
        [0.1, 0.2],
        (1, 2),
        {"a": 1},
        {1},
        b"bytes",
        bytearray(b"bytes"),
        np.zeros(128, np.float32),
        np.float32(0.5),
        float("nan"),
        float("inf"),
        -float("inf"),
        np.float64("nan"),
        1j,
        object(),
        datetime(2020, 1, 1),
    ],
    ids=repr,
)
def test_details_that_are_not_flat_are_refused(value: object) -> None:
    with pytest.raises(InputError):
        AuditEntry(Action.VERIFY, None, None, {"x": value})  # type: ignore[dict-item]


def test_a_refused_detail_is_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        AuditEntry(Action.VERIFY, None, None, {"vector": [0.125, 0.25]})  # type: ignore[dict-item]
    assert "0.125" not in str(caught.value)
    assert "list" in str(caught.value)
    assert "vector" in str(caught.value)


@pytest.mark.parametrize("name", [1, None, b"x", ("a",)])
def test_keys_of_details_are_text(name: object) -> None:
    with pytest.raises(InputError):
        AuditEntry(Action.VERIFY, None, None, {name: 1})  # type: ignore[dict-item]


def test_entries_do_not_change_with_the_callers_dict() -> None:
    details: dict[str, str | int | float | bool | None] = {"a": 1}
    made = AuditEntry(Action.VERIFY, None, None, details)
    details["a"] = 2
    assert made.details["a"] == 1
    with pytest.raises(TypeError):
        made.details["a"] = 3  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.action = "another"  # type: ignore[misc]


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63)
        | st.text(max_size=8)
        | st.floats(allow_nan=False, allow_infinity=False),
        max_size=5,
    ),
    st.none() | st.text(max_size=5),
)
def test_all_flat_details_read_back_and_verify(
    details: dict[str, str | int | float | bool | None], subject: str | None
) -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    chain = AuditChain(KEY)
    with engine.begin() as connection:
        head = chain.append(connection, [AuditEntry(Action.UPDATE, None, subject, details)])
        assert chain.verify(connection, head).anchored
        (record,) = chain.iterate(connection)
        assert (dict(record.details), record.subject) == (details, subject)
    engine.dispose()


def test_actions_are_stored_by_their_codes(chain: AuditChain, connection: Connection) -> None:
    chain.append(connection, [AuditEntry(action) for action in Action])
    found = connection.execute(select(table.c.action, func.typeof(table.c.action))).all()
    assert [tuple(row) for row in found] == [(action.value, "text") for action in Action]
