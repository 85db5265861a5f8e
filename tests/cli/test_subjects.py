"""subjects: list, show, rename, merge, forget."""

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def enrolled(run: Run, shoot: Run) -> None:
    for person in ("ada", "ben", "cleo"):
        assert run("enrol", person, shoot(person)).exit_code == 0


def ids(document: dict[str, Any]) -> list[str]:
    return [person["id"] for person in document["subjects"]]


def test_list(run: Run, run_json: Run) -> None:
    code, document = run_json("subjects", "list")
    assert (code, ids(document), document["after"]) == (0, ["ada", "ben", "cleo"], None)
    assert "cleo" in run("subjects", "list").stdout


def test_list_by_pages(run: Run, run_json: Run) -> None:
    _, first = run_json("subjects", "list", "--limit", 2)
    assert (ids(first), first["after"]) == (["ada", "ben"], "ben")
    _, second = run_json("subjects", "list", "--limit", 2, "--after", first["after"])
    assert (ids(second), second["after"]) == (["cleo"], None)
    assert "--after ben" in run("subjects", "list", "--limit", 2).stdout


def test_show(run: Run, run_json: Run) -> None:
    code, document = run_json("subjects", "show", "ada")
    assert (code, document["id"], document["templates"]) == (0, "ada", 1)
    assert "ada" in run("subjects", "show", "ada").stdout


def test_rename(run: Run, run_json: Run) -> None:
    assert run("subjects", "rename", "ada", "zoe").exit_code == 0
    assert ids(run_json("subjects", "list")[1]) == ["ben", "cleo", "zoe"]


def test_rename_to_a_taken_id_is_exit_code_2(run_json: Run) -> None:
    code, document = run_json("subjects", "rename", "ada", "ben")
    assert (code, document["error"]["code"]) == (2, "duplicate_subject")


def test_merge(run_json: Run) -> None:
    code, document = run_json("subjects", "merge", "ada", "ben")
    assert code == 0
    assert (document["into"]["id"], document["into"]["templates"]) == ("ben", 2)
    assert ids(run_json("subjects", "list")[1]) == ["ben", "cleo"]


def test_forget_asks_first(run: Run, run_json: Run) -> None:
    result = run("subjects", "forget", "ada", input="n\n")
    assert result.exit_code == 1
    assert "Nothing was forgotten" in result.stdout
    assert "ada" in ids(run_json("subjects", "list")[1])
    result = run("subjects", "forget", "ada", input="y\n")
    assert result.exit_code == 0
    assert "ada is forgotten" in result.stdout
    assert "ada" not in ids(run_json("subjects", "list")[1])


def test_forget_without_an_answer_does_nothing(run: Run, run_json: Run) -> None:
    assert run("subjects", "forget", "ada").exit_code == 130
    assert "ada" in ids(run_json("subjects", "list")[1])


def test_forget_gives_a_receipt(run_json: Run) -> None:
    code, receipt = run_json("subjects", "forget", "ada", "--yes")
    assert code == 0
    assert (receipt["templates"], receipt["keys_destroyed"]) == (1, 1)
    assert receipt["beyond_reach"]
    assert receipt["pseudonym"] != "ada"
    _, log = run_json("audit", "tail", "-n", 1)
    assert log["records"][0]["seq"] == receipt["audit_seq"]
    assert log["records"][0]["subject"] == receipt["pseudonym"]


@pytest.mark.parametrize(
    "words",
    [("show", "zoe"), ("rename", "zoe", "x"), ("merge", "zoe", "ada"), ("forget", "zoe", "--yes")],
)
def test_an_unknown_subject_is_exit_code_2(run_json: Run, words: tuple[str, ...]) -> None:
    code, document = run_json("subjects", *words)
    assert (code, document["error"]["code"]) == (2, "unknown_subject")
