"""All of it together, on a planted set and on real ones."""

import json
from pathlib import Path

import numpy as np

from planted import CALIBRATION, dataset_of, embedded_of, files_of, vectors_of
from visavis.evaluate.explore import Exploration, Spread, explore
from visavis.report.document import plain

OWNERS = [f"p{i}" for i in range(6) for _ in range(4)]


def explored(labels: list[str | None], tsne: bool = False) -> Exploration:
    dataset = dataset_of(labels)
    vectors = vectors_of(OWNERS)
    vectors[3] = np.nan
    return explore(embedded_of(dataset, vectors), files_of(dataset), CALIBRATION, tsne=tsne)


def test_spread_by_hand() -> None:
    # 0 to 100: the p-th percentile is p
    made = Spread.of([*range(101), np.nan])
    assert made == Spread(101, 0, 5, 50, 95, 100)
    assert Spread.of([]).count == 0


def test_findings_are_json_without_a_row_for_each_picture() -> None:
    found = explored(list(OWNERS))
    told = json.loads(json.dumps(plain(found.findings())))
    assert (told["pictures"], told["faces"], told["failures"]) == (24, 23, {"no_face": 1})
    assert told["identities"]["people"] == 6
    assert told["files"]["bytes"]["median"] == 5000
    assert told["leakage"] is None
    assert len(json.dumps(told)) < 10_000


def test_the_default_limits_are_applied_to_every_face() -> None:
    # planted faces have a size under one pixel
    assert explored(list(OWNERS)).unfit["too_small"] == 23


def test_without_people_there_are_no_labels_to_doubt() -> None:
    found = explored([None] * 24)
    assert (found.outliers, found.look_alikes, found.pad) == (None, None, None)
    assert [m.method for m in found.maps] == ["pca"]


def test_fairface_is_balanced_as_its_readme_says(test_data: Path) -> None:
    from visavis.datasets.layouts import read
    from visavis.evaluate.balance import cross_tables

    tables = cross_tables(read(test_data / "fairface"))
    (table,) = [t for t in tables if {t.row, t.column} == {"gender", "race"}]
    assert set(np.ravel(table.counts).tolist()) == {150}


def test_one_person_under_two_names_is_found_in_real_pictures(test_data: Path) -> None:
    from visavis.build import build_pipeline
    from visavis.datasets.layouts import read
    from visavis.evaluate.embedded import embed
    from visavis.evaluate.files import read_files
    from visavis.settings import Settings

    whole = read(test_data / "identities")
    known = {"7392", "7393", "7201", "7206"}
    few = whole.only(p.name for p in whole.pictures if p.identity in known)
    pipeline = build_pipeline(Settings())
    made = explore(embed(pipeline, few), read_files(few), pipeline.embedder.calibration, tsne=False)
    assert made.look_alikes is not None
    assert [(a.first, a.second) for a in made.look_alikes.people] == [("7392", "7393")]
    assert {g.identities for g in made.duplicates.across} == {("7392", "7393")}
