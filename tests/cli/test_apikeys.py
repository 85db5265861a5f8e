"""apikeys: create, list, revoke, rotate."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from visavis.cli.apikeys import duration
from visavis.service.apikeys import ApiKeys, Scope
from visavis.service.database import ServiceDatabase, service_database_of
from visavis.settings import Settings

Run = Callable[..., Any]


@contextmanager
def stored(gallery: Path | None = None, *, ago: timedelta = timedelta(0)) -> Iterator[ApiKeys]:
    """The keys as the service sees them, or would have seen them some time ago."""
    path = service_database_of(Settings.load(gallery=gallery).gallery)
    with closing(ServiceDatabase(path)) as database:
        yield ApiKeys(database, now=lambda: datetime.now(UTC) - ago)


def audited(run_json: Run) -> list[tuple[str, dict[str, str]]]:
    records = run_json("audit", "tail")[1]["records"]
    return [(r["action"], r["details"]) for r in records if "api_key" in r["action"]]


def test_create_prints_the_token_alone_on_stdout(run: Run) -> None:
    result = run("apikeys", "create", "door", "--scope", "identify", "--scope", "detect")
    assert result.exit_code == 0
    with stored() as keys:
        key = keys.find(result.stdout.removesuffix("\n"))
    assert key is not None
    assert key.scopes == {Scope.DETECT, Scope.IDENTIFY}
    assert (key.name, key.collections, key.expires_at) == ("door", None, None)
    assert "not be shown again" in result.stderr
    assert key.id in result.stderr
    assert result.stdout.strip() not in result.stderr


def test_create_with_limits(run_json: Run) -> None:
    limits = ("--collection", "staff", "--collection", "guests", "--expires", "90d")
    code, document = run_json("apikeys", "create", "door", "--scope", "enrol", *limits)
    assert code == 0
    told = document["key"]
    assert told["collections"] == ["staff", "guests"]
    assert told["prefix"] == document["token"][:8]
    until = datetime.fromisoformat(told["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89) < until < timedelta(days=90)
    with stored() as keys:
        key = keys.find(document["token"])
    assert key is not None
    assert (key.id, key.collections) == (told["id"], ("staff", "guests"))


@pytest.mark.parametrize(
    "words",
    [
        ("door",),
        ("door", "--scope", "fly"),
        ("door", "--scope", "detect", "--expires", "2020-01-01"),
        ("door", "--scope", "admin", "--collection", "staff"),
        ("", "--scope", "detect"),
    ],
)
def test_what_makes_no_key_is_exit_code_2(run: Run, words: tuple[str, ...]) -> None:
    assert run("apikeys", "create", *words).exit_code == 2
    with stored() as keys:
        assert keys.empty()


def test_list_shows_no_token(run: Run, run_json: Run) -> None:
    made = [run_json("apikeys", "create", name, "--scope", "detect")[1] for name in ("a", "b")]
    code, document = run_json("apikeys", "list")
    assert code == 0
    assert document["keys"] == [one["key"] for one in made]
    shown = run("apikeys", "list").stdout
    for one in made:
        assert one["key"]["id"] in shown
        assert one["token"][-43:] not in shown + json.dumps(document)


def test_list_says_what_became_of_keys(run: Run, run_json: Run) -> None:
    words = ("apikeys", "create", "k", "--scope", "detect")
    ended = run_json(*words)[1]["key"]["id"]
    run(*words, "--expires", "2999-01-01", "--collection", "staff")
    run(*words)
    run("apikeys", "revoke", ended)
    with stored(ago=timedelta(days=2)) as keys:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        keys.create("old", [Scope.DETECT], expires_at=yesterday)
    lines = run("apikeys", "list").stdout.splitlines()
    assert [line.split()[-1] for line in lines if "detect" in line] == [
        "expired",
        "revoked",
        "2999-01-01",
        "active",
    ]


def test_where_there_is_no_gallery_there_are_no_keys(run_json: Run, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    for words in (("list",), ("revoke", "0" * 12), ("rotate", "0" * 12)):
        code, document = run_json("apikeys", *words, "--gallery", nowhere)
        assert (code, document["error"]["code"]) == (3, "config")
    assert [*tmp_path.iterdir()] == []


def test_keys_belong_to_a_gallery(run_json: Run, tmp_path: Path) -> None:
    words = ("apikeys", "create", "door", "--scope", "detect")
    token = run_json(*words, "--gallery", tmp_path / "one")[1]["token"]
    run_json(*words, "--gallery", tmp_path / "two")
    with stored(tmp_path / "one") as one, stored(tmp_path / "two") as two:
        assert one.find(token) is not None
        assert two.find(token) is None
    assert (tmp_path / "one-service" / "service.db").is_file()


def test_revoke(run: Run, run_json: Run) -> None:
    document = run_json("apikeys", "create", "door", "--scope", "detect")[1]
    code, told = run_json("apikeys", "revoke", document["key"]["id"])
    assert code == 0
    assert told["key"]["revoked_at"] is not None
    with stored() as keys:
        assert keys.find(document["token"]) is None
    assert "is revoked" in run("apikeys", "revoke", document["key"]["id"]).stdout


def test_rotate(run: Run, run_json: Run) -> None:
    document = run_json("apikeys", "create", "door", "--scope", "detect")[1]
    ident, first = document["key"]["id"], document["token"]
    result = run("apikeys", "rotate", ident, "--grace", "1h")
    second = result.stdout.removesuffix("\n")
    with stored() as keys:
        found = [keys.find(first), keys.find(second)]
        assert [key.id if key else None for key in found] == [ident, ident]
    third = run_json("apikeys", "rotate", ident)[1]["token"]
    with stored() as keys:
        assert [keys.find(token) is not None for token in (first, second, third)] == [
            False,
            False,
            True,
        ]


@pytest.mark.parametrize("command", ["revoke", "rotate"])
def test_an_unknown_key_is_exit_code_2(run: Run, run_json: Run, command: str) -> None:
    run("apikeys", "create", "door", "--scope", "detect")
    code, document = run_json("apikeys", command, "0" * 12)
    assert (code, document["error"]["code"]) == (2, "unknown_key")


def test_all_of_it_is_on_record(run: Run, run_json: Run) -> None:
    words = ("--scope", "identify", "--scope", "detect")
    ident = run_json("apikeys", "create", "door", *words)[1]["key"]["id"]
    run("apikeys", "rotate", ident)
    run("apikeys", "list")
    run("apikeys", "revoke", ident)
    details = {"key": ident, "scopes": "detect, identify"}
    actions = [f"api_key_{what}" for what in ("created", "rotated", "revoked")]
    assert audited(run_json) == [(action, details) for action in actions]


def test_the_help_names_every_scope(run: Run) -> None:
    shown = run("apikeys", "create", "--help").stdout
    assert [scope for scope in Scope if scope not in shown] == []


@pytest.mark.parametrize(
    ("text", "minutes"), [("30m", 30), ("1h", 60), ("7d", 7 * 24 * 60), ("0m", 0)]
)
def test_duration(text: str, minutes: int) -> None:
    assert duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "1", "h", "-1h", "1.5h", "1 h", "1w", "1h\n", "1234567d"])
def test_duration_refuses(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="30m, 1h or 7d"):
        duration(text)
