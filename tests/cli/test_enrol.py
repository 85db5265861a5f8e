"""enrol: one subject from photos."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_enrols_and_says_so(run: Run, shoot: Run) -> None:
    result = run("enrol", "ada", shoot("ada"), shoot("ada", seed=1))
    assert result.exit_code == 0
    assert "enrolled ada: 2 templates added" in result.stdout


def test_the_first_run_says_once_that_a_master_key_was_made(run: Run, shoot: Run) -> None:
    assert "made the master key" in run("enrol", "ada", shoot("ada")).stderr
    assert run("enrol", "ben", shoot("ben")).stderr == ""


def test_json_names_templates_and_refused_photos(run_json: Run, shoot: Run) -> None:
    nobody = shoot()
    code, document = run_json("enrol", "ada", shoot("ada"), nobody)
    assert code == 0
    assert document["subject"] == "ada"
    assert len(document["templates"]) == 1
    assert document["refused"] == [
        {"file": nobody, "code": "no_face", "message": "expected a face, found none"}
    ]


def test_what_is_said_about_the_subject_is_kept(run: Run, run_json: Run, shoot: Run) -> None:
    about = ("--name", "Ada L.", "--meta", "team=engine", "--meta", "room=1")
    more = ("--consent-ref", "form-7", "--expires", "2999-01-31")
    assert run("enrol", "ada", shoot("ada"), *about, *more).exit_code == 0
    _, person = run_json("subjects", "show", "ada")
    assert person["name"] == "Ada L."
    assert person["metadata"] == {"team": "engine", "room": "1"}
    assert person["consent_ref"] == "form-7"
    assert person["expires_at"].startswith("2999-01-31T00:00")


def test_adding_photos_keeps_what_is_known(run: Run, run_json: Run, shoot: Run) -> None:
    run("enrol", "ada", shoot("ada"), "--meta", "team=engine", "--name", "Ada L.")
    assert run("enrol", "ada", shoot("ada", seed=1)).exit_code == 0
    _, person = run_json("subjects", "show", "ada")
    assert (person["templates"], person["name"]) == (2, "Ada L.")
    assert person["metadata"] == {"team": "engine"}


@pytest.mark.parametrize("people", [(), ("ada", "ben")])
def test_an_unusable_photo_is_exit_code_2(run: Run, shoot: Run, people: tuple[str, ...]) -> None:
    result = run("enrol", "ada", shoot(*people))
    assert result.exit_code == 2
    assert result.stdout == ""


def test_none_of_several_photos_is_exit_code_2(run_json: Run, shoot: Run, tmp_path: Path) -> None:
    code, document = run_json("enrol", "ada", shoot(), tmp_path / "none.jpg")
    assert (code, document["error"]["code"]) == (2, "enrolment_rejected")


def test_face_says_which_is_meant(run: Run, shoot: Run) -> None:
    assert run("enrol", "ada", shoot("ada", "ben"), "--face", "largest").exit_code == 0


def test_somebody_enrolled_under_another_id_is_refused(run_json: Run, shoot: Run) -> None:
    run_json("enrol", "ada", shoot("ada"))
    code, document = run_json("enrol", "eve", shoot("ada", seed=1))
    assert (code, document["error"]["code"]) == (2, "duplicate_subject")


def test_review_off_takes_the_photo_as_it_is(run: Run, shoot: Run) -> None:
    run("enrol", "ada", shoot("ada"))
    assert run("enrol", "eve", shoot("ada", seed=1), "--review", "off").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("ada",),
        ("ada", "--from-folder", "."),
        ("--from-folder", ".", "--name", "Ada"),
        ("ada", "x.jpg", "--expires", "yesterday"),
        ("ada", "x.jpg", "--meta", "team"),
        ("ada", "x.jpg", "--review", "lax"),
        ("--from-folder", "no-such-folder"),
    ],
)
def test_wrong_usage_is_exit_code_2(run_json: Run, words: tuple[str, ...]) -> None:
    code, document = run_json("enrol", *words)
    assert (code, document["error"]["code"]) == (2, "usage")


def test_another_gallery_and_collection(
    run: Run, run_json: Run, shoot: Run, tmp_path: Path
) -> None:
    where = ("--gallery", tmp_path / "other", "--collection", "guests")
    assert run("enrol", "ada", shoot("ada"), *where).exit_code == 0
    _, document = run_json("subjects", "list", *where)
    assert [p["id"] for p in document["subjects"]] == ["ada"]
    code, document = run_json("subjects", "list")
    assert (code, document["error"]["code"]) == (3, "config")


def test_a_face_that_is_not_live_is_not_enrolled(run: Run, run_json: Run, shoot: Run) -> None:
    words = ("enrol", "ada", shoot("ada"), "--liveness", "require")
    code, document = run_json(*words, "--live-threshold", "0.95")  # the fake's score is 0.9
    assert (code, document["error"]["code"]) == (2, "not_live")
    assert run_json("subjects", "list")[1]["subjects"] == []
    assert run(*words).exit_code == 0
