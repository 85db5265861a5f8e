from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import Result

from visavis.build import build_gallery
from visavis.cli.sightings import past
from visavis.gallery.sighting import Kind, Sighted
from visavis.image import decode
from visavis.settings import Settings
from visavis.testing import fake_photo

Run = Callable[..., Result]
RunJson = Callable[..., tuple[int, dict[str, Any]]]
Shoot = Callable[..., str]
NOW = datetime.now(UTC)


def sighted(kind: Kind, number: int, **fields: Any) -> Sighted:
    """The sighting with this number: so many days ago."""
    at = NOW - timedelta(days=number)
    given: dict[str, Any] = {
        "kind": kind,
        "sighting": f"{number:x}" * 32,
        "camera": "door",
        "track": number,
        "subject": "ada",
        "at": at,
        "first_seen": at,
        "last_seen": at,
        "score": 0.8,
        "threshold": 0.4,
    }
    return Sighted(**{**given, **fields})


@pytest.fixture
def seen(run: Run, shoot: Shoot) -> None:
    """Ada at the door today, with a shot; a stranger in the yard, 5 days ago; ada, 9 days ago."""
    assert run("enrol", "ada", shoot("ada")).exit_code == 0
    stranger = {"subject": None, "camera": "yard", "score": None}
    with build_gallery(Settings.load()) as gallery:
        gallery.open_collection("default").sightings.note(
            [
                sighted(Kind.ENTERED, 9),
                sighted(Kind.IDENTIFIED, 9),
                sighted(Kind.LEFT, 9),
                sighted(Kind.ENTERED, 5, **stranger),
                sighted(Kind.UNKNOWN, 5, **stranger),
                sighted(Kind.ENTERED, 1, shot=fake_photo("ada")),
                sighted(Kind.IDENTIFIED, 1),
            ]
        )


def listed(document: dict[str, Any]) -> list[str]:
    return [one["id"][0] for one in document["sightings"]]


@pytest.mark.usefixtures("seen")
def test_sightings_are_listed_the_newest_first(run_json: RunJson, run: Run) -> None:
    code, document = run_json("sightings", "list")
    assert (code, listed(document)) == (0, ["1", "5", "9"])
    newest, stranger, oldest = document["sightings"]
    assert (newest["subject"], newest["present"], newest["has_shot"]) == ("ada", True, True)
    assert (stranger["subject"], stranger["camera"]) == (None, "yard")
    assert oldest["kinds"] == ["entered", "identified", "left"]
    rows = [line.split() for line in run("sightings", "list").stdout.splitlines()]
    assert [row[:2] for row in rows if row and row[0][0] in "159"] == [
        ["11111111", "ada"],
        ["55555555", "a"],
        ["99999999", "ada"],
    ]


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (("--subject", "ada"), ["1", "9"]),
        (("--camera", "yard"), ["5"]),
        (("--since", "7d"), ["1", "5"]),
        (("--since", "7d", "--subject", "ada"), ["1"]),
        (("-n", "2"), ["1", "5"]),
    ],
)
def test_the_list_can_be_narrowed(
    run_json: RunJson, words: tuple[str, ...], ids: list[str]
) -> None:
    assert listed(run_json("sightings", "list", *words)[1]) == ids


@pytest.mark.usefixtures("seen")
def test_one_is_shown_with_its_picture(run_json: RunJson, run: Run, tmp_path: Path) -> None:
    shot = tmp_path / "ada.png"
    code, document = run_json("sightings", "show", "1111", "--shot", shot)
    assert (code, document["shot"]) == (0, str(shot))
    assert (decode(shot) == fake_photo("ada")).all()
    assert shot.stat().st_mode & 0o777 == 0o600
    assert "ada" in run("sightings", "show", "1" * 32).stdout
    missing = tmp_path / "none.png"
    assert run_json("sightings", "show", "9", "--shot", missing)[0] == 1
    assert not missing.exists()


@pytest.mark.usefixtures("seen")
def test_what_was_not_seen_cannot_be_shown(run_json: RunJson, tmp_path: Path) -> None:
    code, document = run_json("sightings", "show", "abc")
    assert (code, document["error"]["code"]) == (2, "unknown_subject")
    code, document = run_json("sightings", "show", "")
    assert (code, document["error"]["code"]) == (2, "usage")
    code, document = run_json("sightings", "show", "1", "--shot", tmp_path / "ada.gif")
    assert (code, document["error"]["code"]) == (2, "usage")


@pytest.mark.usefixtures("seen")
def test_old_ones_are_purged_once_that_is_confirmed(run: Run, run_json: RunJson) -> None:
    words = ("sightings", "purge", "--before", "3d")
    declined = run(*words, input="n\n")
    assert (declined.exit_code, "Nothing was purged" in declined.stdout) == (1, True)
    assert len(listed(run_json("sightings", "list")[1])) == 3
    assert run_json(*words, "--yes") == (0, {"purged": True, "sightings": 2, "events": 5})
    assert listed(run_json("sightings", "list")[1]) == ["1"]
    assert run_json(*words, "--yes") == (0, {"purged": True, "sightings": 0, "events": 0})


def test_a_moment_is_a_date_or_a_time_ago() -> None:
    assert past("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    assert timedelta(days=29) < datetime.now(UTC) - past("30d") < timedelta(days=31)
    for text in ("soon", "30", "d", "999999d9"):
        with pytest.raises(typer.BadParameter, match="30m, 12h or 30d"):
            past(text)
