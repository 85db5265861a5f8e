"""The calibration page says what was measured, for whatever was measured."""

import numpy as np

from visavis.evaluate.allpairs import AllPairs, compare_vectors
from visavis.evaluate.calibrate import calibrate
from visavis.evaluate.fpir import FpirCheck
from visavis.evaluate.pages.calibration import page
from visavis.evaluate.rates import Rate
from visavis.policy import Calibration
from visavis.report.document import Figure, Note, Provenance, Report, Table
from visavis.types import Threshold

PROVENANCE = Provenance("visavis report calibration set", {"visavis": "0"}, "a machine")


def compared(people: int = 150, each: int = 2) -> AllPairs:
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.standard_normal((people, 16)), each, axis=0)
    raw = (centres + 0.3 * rng.standard_normal(centres.shape)).astype(np.float32)
    rows = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    names = [f"p{k:03}" for k in np.repeat(np.arange(people), each)]
    return compare_vectors(rows, names, dataset="toy_set", model="toy+1", weigh="people")


def blocks(report: Report, kind: type) -> list:
    return [b for s in report.sections for b in s.blocks if isinstance(b, kind)]


def check(measured: float, *, low: float, high: float) -> FpirCheck:
    limit = Threshold(0.5, 0.01, False, (0.009, 0.011))
    return FpirCheck(10, 10, 3, 100, limit, 0.01, Rate(round(measured * 300), 300, low, high))


def test_the_lead_is_made_of_the_figures() -> None:
    pairs = compared()
    table = calibrate(pairs)
    lead = page(pairs, table, (), PROVENANCE).lead
    rate = max(1e-4, table.points[-1][0])
    assert f"the score {table.threshold(rate).score:.3f}" in lead
    assert f"down to {table.measured:.1e} are measured" in lead
    assert "gallery" not in lead


def test_every_point_has_its_row_and_figures_are_drawn() -> None:
    pairs = compared()
    table = calibrate(pairs)
    report = page(pairs, table, (), PROVENANCE)
    (rows,) = [t.rows for t in blocks(report, Table)]
    assert len(rows) == len(table.points)
    assert [r[-1] for r in rows].count("extrapolated") == sum(
        p[0] < table.measured for p in table.points
    )
    assert [f.name for f in blocks(report, Figure)] == ["tail", "scores"]
    assert report.slug == "calibration-toy-1"
    assert report.results["calibration"]["measured"] == table.measured


def test_searches_are_judged_one_by_one() -> None:
    pairs = compared()
    checks = (
        check(0.01, low=0.005, high=0.02),
        check(0.003, low=0.001, high=0.006),
        check(0.05, low=0.03, high=0.08),
    )
    report = page(pairs, calibrate(pairs), checks, PROVENANCE)
    searches = blocks(report, Table)[1]
    assert [row[-1] for row in searches.rows] == ["holds", "safe", "missed"]
    assert "In 1 of 3 kinds of random gallery" in report.lead
    assert any("between 0.33 and 5.00" in note.markdown for note in blocks(report, Note))


def test_without_a_tail_or_genuine_pairs_nothing_is_made_up() -> None:
    pairs = compared(each=1)
    full = calibrate(pairs)
    bare = Calibration(
        tuple(p for p in full.points if p[0] >= full.measured),
        full.dataset,
        full.pairs,
        full.identities,
        full.measured,
    )
    report = page(pairs, bare, (), PROVENANCE)
    assert any("Too few high scores" in note.markdown for note in blocks(report, Note))
    assert "nothing is claimed below" in report.lead
    assert "one person match" not in report.lead
    assert [f.name for f in blocks(report, Figure)] == ["scores"]
    assert {row[4] for row in blocks(report, Table)[0].rows} == {None}
