"""Kept liveness results: what fits together, and that a file gives back what went in."""

import json
import math
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from visavis.datasets.records import BONA_FIDE
from visavis.errors import InputError
from visavis.evaluate.clues import Clue
from visavis.evaluate.liveness import (
    Answers,
    Check,
    FromFile,
    LivenessResults,
    Map,
    Matched,
    Shown,
    load,
)
from visavis.report.document import Photograph

OURS = Check("ours-1", "ours", "ours", "simulated attacks", "Apache-2.0", 4.2, 800_000, 200_000)
NUAA = Shown("NUAA", "recorded", (BONA_FIDE, "print"), ("a", "a"), {"session": ("1", "2")})


def photograph() -> Photograph:
    out = BytesIO()
    PIL.Image.new("RGB", (8, 8), "red").save(out, "JPEG")
    return Photograph("map", out.getvalue(), "a map", "red", "CC BY 4.0", "somebody")


def every() -> LivenessResults:
    third = np.float32(1) / 3
    return LivenessResults(
        checks=(OURS, Check("other", "other", "public")),
        sets=(NUAA, Shown("LFW", "bona_fide", (BONA_FIDE,) * 3)),
        answers=(
            Answers("ours-1", "NUAA", 0.5, np.array([third, math.nan])),
            Answers("ours-1", "NUAA", 0.5, np.array([0.1, 0.2]), "mechanism_out", "print"),
            Answers("other", "LFW", 0.4, np.array([1, 0, 0.5])),
        ),
        matched=(Matched("sface", "NUAA", 0.3, np.array([0.9, math.nan])),),
        files=(FromFile("NUAA", "logistic regression", 2, Clue("files", 0.7, math.nan, 0.9)),),
        maps=(Map("other", "NUAA", "print", 3, np.array([[0.25, math.nan], [0, -1]])),),
        photographs=(photograph(),),
        remarks=("A limit.",),
    )


def test_what_is_saved_is_loaded_exactly(tmp_path: Path) -> None:
    one, file = every(), tmp_path / "r.json"
    one.save(file)
    two = load([file])
    assert (two.checks, two.sets, two.photographs, two.remarks) == (
        one.checks, one.sets, one.photographs, one.remarks,
    )  # fmt: skip
    for a, b in zip((*one.answers, *one.matched), (*two.answers, *two.matched), strict=True):
        assert np.array_equal(a.scores, b.scores, equal_nan=True)
        assert _fields(a) == _fields(b)
    assert np.array_equal(one.maps[0].drop, two.maps[0].drop, equal_nan=True)
    assert math.isnan(two.files[0].clue.low)
    again = tmp_path / "again.json"
    two.save(again)
    assert again.read_bytes() == file.read_bytes()


def _fields(value: Any) -> dict[str, Any]:
    return {n: getattr(value, n) for n in value.__slots__ if n != "scores"}


def test_files_of_several_runs_are_joined(tmp_path: Path) -> None:
    one = every()
    first = LivenessResults(checks=one.checks[:1], sets=one.sets[:1], answers=one.answers[:1])
    second = LivenessResults(checks=one.checks, sets=one.sets, answers=one.answers[1:])
    first.save(tmp_path / "1.json")
    second.save(tmp_path / "2.json")
    both = load([tmp_path / "1.json", tmp_path / "2.json"])
    assert (len(both.checks), len(both.sets), len(both.answers)) == (2, 2, 3)
    other = replace(NUAA, species=("print", BONA_FIDE))
    LivenessResults(sets=(other,)).save(tmp_path / "3.json")
    with pytest.raises(InputError, match="each set once, got twice: NUAA"):
        load([tmp_path / "1.json", tmp_path / "3.json"])


def test_plain_dictionaries_are_enough(tmp_path: Path) -> None:
    """What a script writes without this package."""
    document = {
        "checks": [{"name": "c", "title": "C", "role": "public"}],
        "sets": [{"name": "s", "kind": "recorded", "species": [BONA_FIDE, "print"]}],
        "answers": [{"check": "c", "shown": "s", "threshold": 0.5, "scores": [0.9, None]}],
    }
    (tmp_path / "r.json").write_text(json.dumps(document))
    found = load([tmp_path / "r.json"])
    assert found.answers[0].training == "shipped"
    assert np.isnan(found.answers[0].scores[1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answers": [{"check": "c"}]}, "missing"),
        ({"sets": [{"name": "s", "kind": "imagined", "species": []}]}, "recorded, simulated"),
        ({"sets": 3}, "not iterable"),
        ({"answer": []}, "got the unknown answer"),
        ({"photographs": [{"data": "%%%"}]}, "expected liveness results"),
    ],
)
def test_other_json_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "r.json").write_text(json.dumps(change))
    with pytest.raises(InputError, match=said):
        load([tmp_path / "r.json"])
    (tmp_path / "r.json").write_text("no JSON")
    with pytest.raises(InputError, match="expected liveness results in r"):
        load([tmp_path / "r.json"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sets": ()}, "expected one of , got 'NUAA'"),
        ({"checks": (OURS,)}, "expected one of ours-1, got 'other'"),
        ({"checks": (OURS, OURS)}, "each check once"),
        (
            {"answers": (Answers("ours-1", "NUAA", 0.5, np.zeros(3, np.float32)),)},
            "2 scores, got 3",
        ),
        ({"matched": (Matched("e", "NUAA", 0.5, np.zeros(1, np.float32)),)}, "2 scores, got 1"),
        ({"answers": (every().answers[0],) * 2}, "each answer once"),
    ],
)
def test_what_does_not_fit(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        replace(every(), **change)


def test_sets_and_answers_check_themselves() -> None:
    with pytest.raises(InputError, match="expected 2 of everything"):
        replace(NUAA, subjects=("a",))
    with pytest.raises(InputError, match="expected 2 of everything"):
        replace(NUAA, groups={"age": ("1", "2", "3")})
    with pytest.raises(InputError, match="attacks"):
        replace(NUAA, kind="bona_fide")
    with pytest.raises(InputError, match="attacks"):
        replace(NUAA, species=(BONA_FIDE,) * 2)
    with pytest.raises(InputError, match="held-out species"):
        Answers("c", "s", 0.5, np.zeros(1), "mechanism_out")
    with pytest.raises(InputError, match="held-out species"):
        Answers("c", "s", 0.5, np.zeros(1), "shipped", "print")
    with pytest.raises(InputError, match="subject_out"):
        Answers("c", "s", 0.5, np.zeros(1), "retrained")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="fused"):
        Check("c", "C", "theirs")  # type: ignore[arg-type]


def test_answers_by_training_and_kind_in_the_order_of_sets() -> None:
    one = every()
    assert [a.check for a in one.of("shipped", "recorded")] == ["ours-1"]
    assert [a.check for a in one.of("shipped", "bona_fide")] == ["other"]
    assert one.of("mechanism_out", "simulated") == ()
