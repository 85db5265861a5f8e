"""The liveness page says what was measured, and nothing of what was not."""

from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.records import BONA_FIDE
from visavis.evaluate.clues import Clue
from visavis.evaluate.liveness import (
    Answers,
    Check,
    FromFile,
    LivenessResults,
    Map,
    Matched,
    Shown,
)
from visavis.evaluate.liveness_rates import bona_fide, rated
from visavis.evaluate.pages.liveness import page
from visavis.report.document import Figure, Note, Provenance, Report, Table
from visavis.report.write import write

PROVENANCE = Provenance("visavis report liveness r.json", {"visavis": "0"}, "a machine")
SPECIES = ("print/laser", "screen/oled")


def scores(rng: np.random.Generator, species: tuple[str, ...], gap: float) -> np.ndarray:
    """Two overlapping classes; the tenth never answers."""
    live = np.array([s == BONA_FIDE for s in species])
    made = np.clip(rng.normal(0.5 + gap * (live - 0.5), 0.15), 0, 1)
    made[9] = np.nan
    return made


@pytest.fixture(scope="module")
def measured() -> LivenessResults:
    rng = np.random.default_rng(5)
    nuaa = Shown("NUAA train", "recorded", (BONA_FIDE,) * 60 + ("print",) * 60,
                 tuple(f"s{i % 6}" for i in range(120)), note="From a recording.")  # fmt: skip
    simulated = Shown("LFW, simulated", "simulated",
                      (BONA_FIDE,) * 40 + tuple(s for s in SPECIES for _ in range(40)))  # fmt: skip
    people = Shown("FairFace", "bona_fide", (BONA_FIDE,) * 80, (),
                   {"race": tuple("AB"[i % 2] for i in range(80))})  # fmt: skip
    checks = (
        Check("ours", "ours", "ours", "simulated attacks", "Apache-2.0", 4.2, 812_345, 200_000),
        Check("theirs", "public_model", "public"),
        Check("both", "fused", "fused"),
    )
    gaps = {"ours": 0.5, "theirs": 0.2, "both": 0.6}
    answers = [
        Answers(name, shown.name, 0.5, scores(rng, shown.species, gap))
        for shown in (nuaa, simulated, people)
        for name, gap in gaps.items()
    ]
    answers.append(Answers("ours", nuaa.name, 0.5, scores(rng, nuaa.species, 0.4), "subject_out"))
    answers += [
        Answers("ours", simulated.name, 0.5, scores(rng, simulated.species, 0.3),
                "mechanism_out", kind)
        for kind in SPECIES
    ]  # fmt: skip
    answers.append(
        Answers("ours", nuaa.name, 0.5, scores(rng, nuaa.species, 0.1), "cross_set",
                trained_on="other set")
    )  # fmt: skip
    return LivenessResults(
        checks,
        (nuaa, simulated, people),
        tuple(answers),
        matched=(Matched("sface", simulated.name, 0.4, rng.random(120)),),
        files=(FromFile(nuaa.name, "logistic regression", 120, Clue("files", 0.73, 0.64, 0.82)),),
        maps=(Map("ours", nuaa.name, "print", 4, np.array([[0.1, 0.3], [-0.2, 0.0]])),),
        remarks=("Elsewhere it is *worse*.",),
    )


@pytest.fixture(scope="module")
def report(measured: LivenessResults) -> Report:
    return page(measured, PROVENANCE)


def _blocks(report: Report, title: str) -> tuple[object, ...]:
    return next(s.blocks for s in report.sections if s.title.startswith(title))


def _table(report: Report, title: str) -> Table:
    return next(b for b in _blocks(report, title) if isinstance(b, Table))


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"


def test_the_lead_is_made_of_the_figures(measured: LivenessResults, report: Report) -> None:
    best = [rated(measured, a).eer for a in measured.of("shipped", "recorded")]
    names = ("ours", "public\\_model", "fused")
    told = sorted(zip(best, names, strict=True))
    assert ", ".join(f"{n} {_percent(e)}" for e, n in told) in report.lead
    held = [rated(measured, a).eer for a in measured.of("mechanism_out", "simulated")]
    assert f"{_percent(min(held))} to {_percent(max(held))}" in report.lead
    mine = next(a for a in measured.of("shipped", "bona_fide") if a.check == "ours")
    assert f"refuses {_percent(bona_fide(measured, mine)[0].value)}" in report.lead
    assert "Simulated attacks are not real ones" in report.lead


def test_all_checks_stand_side_by_side(measured: LivenessResults, report: Report) -> None:
    table = _table(report, "Side by side")
    assert [row[0] for row in table.rows] == ["ours", "public_model", "fused"]
    for row, answers in zip(table.rows, measured.of("shipped", "recorded"), strict=True):
        one = rated(measured, answers)
        assert row[1] == _percent(one.eer)
        assert row[2] == _percent(one.pad.points[0].bpcer.value)
        assert str(row[5]).startswith(_percent(one.pad.apcer.value))
    lowest = min(rated(measured, a).eer for a in measured.of("shipped", "recorded"))
    assert "60 recorded attacks and 60 live" in table.caption
    assert f"the lowest D-EER is {_percent(lowest)}, fused" in table.caption


def test_a_held_out_mechanism_stands_beside_the_others(
    measured: LivenessResults, report: Report
) -> None:
    table = _table(report, "Simulated attacks, the mechanism")
    assert table.columns == (
        *("kept out", "ours, trained without it", "public_model, as it is", "fused, as it is"),
    )
    assert [row[0] for row in table.rows] == list(SPECIES)
    theirs = next(a for a in measured.of("shipped", "simulated") if a.check == "theirs")
    assert table.rows[0][2] == _percent(rated(measured, theirs).eer_of(SPECIES[0]))
    held = {a.held_out: rated(measured, a).eer for a in measured.of("mechanism_out", "simulated")}
    assert [row[1] for row in table.rows] == [_percent(held[kind]) for kind in SPECIES]
    assert "as shipped, which saw all" in table.caption


def test_every_part_is_there_and_marked(report: Report) -> None:
    assert [s.title for s in report.sections] == [
        "Side by side on recorded attacks",
        "People left out of training",
        "Simulated attacks, the mechanism kept out of training",
        "Simulated attacks, as shipped",
        "Trained on one set, tested on another",
        "Live people who are refused",
        "Matching and liveness together",
        "What the files alone give away",
        "Speed, size and origin",
        "What the checks look at",
        "What this does not show",
    ]
    assert "On NUAA train the files alone give attacks away" in (
        _table(report, "What the files").caption
    )
    assert "row 1, column 2" in _blocks(report, "What the checks")[0].caption  # type: ignore[attr-defined]
    [note] = _blocks(report, "What this")
    assert isinstance(note, Note)
    assert "no claim of conformance" in note.markdown
    assert "NUAA train, 6 people, 1 species" in note.markdown
    assert note.markdown.endswith("Elsewhere it is *worse*.")
    rows = _table(report, "Matching and liveness").rows
    assert {row[1] for row in rows} == {"simulated"}


def test_what_was_not_measured_has_no_place(measured: LivenessResults) -> None:
    bare = page(LivenessResults(), PROVENANCE)
    assert [s.title for s in bare.sections] == ["What this does not show"]
    assert "none at all" in bare.sections[0].blocks[0].markdown  # type: ignore[union-attr]
    [row] = [r for r in _table(page(measured, PROVENANCE), "Speed").rows if r[0] == "fused"]
    assert row[1:4] == (None, None, None)


def test_curves_for_both_kinds(report: Report) -> None:
    figures = [b for s in report.sections for b in s.blocks if isinstance(b, Figure)]
    assert [f.name for f in figures] == ["det-recorded-0", "det-simulated-1", "occlusion-0"]
    assert "simulated species" in figures[1].caption
    assert figures[0].alt.startswith("ours, print: D-EER ")


def test_the_scores_stay_out_of_the_report(report: Report, tmp_path: Path) -> None:
    paths = write(report, tmp_path)
    assert {p.suffix for p in paths} == {".md", ".html", ".json", ".svg"}
    text = (tmp_path / "liveness.json").read_text()
    assert '"eer_by_species"' in text
    assert '"scores"' not in text
    again = tmp_path / "again"
    write(report, again)
    assert (again / "liveness.html").read_bytes() == (tmp_path / "liveness.html").read_bytes()
