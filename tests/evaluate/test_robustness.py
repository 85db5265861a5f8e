from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visavis.build import build_pipeline
from visavis.datasets.lfw import Errata, Erratum
from visavis.datasets.records import Dataset, Picture
from visavis.errors import BadDataset
from visavis.evaluate.conditions import Condition
from visavis.evaluate.embedded import Embedded, embed
from visavis.evaluate.robustness import choose_pairs, measure
from visavis.image import decode, save
from visavis.pipeline import Pipeline
from visavis.settings import Settings
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo

TURNED = Condition("rotated", "angle", "{} degrees", (180,))  # the fakes see no difference
BLACK = Condition("dark", "light", "{} stops", (1, 40))  # nothing is left of the face
OTHER = Condition("colour cast", "light", "{} to 1", (9,))  # the fakes see another person
CONDITIONS = (TURNED, BLACK, OTHER)
PEOPLE = ("ada", "ben", "cleo", "dan", "eve", "fay")


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline(FakeDetector(), FakeEmbedder())


def shoot(folder: Path, people: tuple[str, ...], each: int = 2) -> Dataset:
    pictures = []
    for person in people:
        for seed in range(each):
            path = folder / f"{person}{seed}.png"
            save(fake_photo(person, noise=2, seed=seed), path)
            pictures.append(Picture(path, path.name, person))
    return Dataset("fakes", folder, tuple(pictures))


@pytest.fixture
def embedded(pipeline: Pipeline, tmp_path: Path) -> Embedded:
    shoot(tmp_path, ("gus",), 1)  # a stranger with one picture
    people = shoot(tmp_path, PEOPLE).pictures
    stranger = Picture(tmp_path / "gus0.png", "gus0.png", "gus")
    return embed(pipeline, Dataset("fakes", tmp_path, (*people, stranger)))


def test_counts_are_those_of_the_condition(pipeline: Pipeline, embedded: Embedded) -> None:
    found = measure(pipeline, embedded, people=6, conditions=CONDITIONS)
    turned, dim, black, other = found.cells
    assert (found.people, found.references) == (6, 7)
    for cell in (found.baseline, turned):
        assert (cell.detected.events, cell.detected.trials) == (6, 6)
        assert (cell.tmr.events, cell.tmr.trials) == (6, 6)
        assert (cell.end_to_end.events, cell.end_to_end.trials) == (6, 6)
        assert cell.fmr.trials == 6 * 6
    assert dim.detected.events == 6
    assert (black.detected.events, black.tmr.trials) == (0, 0)
    assert (black.end_to_end.events, black.end_to_end.trials) == (0, 6)
    assert black.fmr.trials == 0
    assert np.isnan(black.impostor_mean)
    assert other.detected.events == 6
    assert other.end_to_end.events == other.tmr.events < 6


def test_false_matches_are_those_of_a_plain_loop(pipeline: Pipeline, embedded: Embedded) -> None:
    [cell] = measure(pipeline, embedded, people=6, fmr=0.09, conditions=(TURNED,)).cells
    threshold = pipeline.embedder.calibration.threshold(0.09).score
    sample = choose_pairs(embedded, 6, 0, None)
    names = [p.identity for p in embedded.dataset.pictures]
    first_of = {names[r]: r for r in sample.references.tolist()} | {"gus": names.index("gus")}
    events = trials = 0
    for row in sample.probes.tolist():
        image = np.roll(decode(embedded.dataset.pictures[row].path)[::-1, ::-1], 1, (0, 1))
        image = np.ascontiguousarray(image)
        [probe] = pipeline.embedder.embed(image, pipeline.detector.detect(image))
        for person, reference in first_of.items():
            if person != names[row]:
                trials += 1
                events += float(probe.vector @ embedded.vectors[reference]) >= threshold
    assert (cell.fmr.events, cell.fmr.trials) == (events, trials)
    assert cell.fmr.low <= cell.fmr.value <= cell.fmr.high


def test_the_same_seed_measures_the_same_and_another_other_people(
    pipeline: Pipeline, embedded: Embedded
) -> None:
    first, second = (measure(pipeline, embedded, people=3, conditions=CONDITIONS) for _ in range(2))
    assert repr(first) == repr(second)  # NaN equals NaN in words alone
    chosen = {tuple(choose_pairs(embedded, 3, seed, None).probes) for seed in range(6)}
    assert len(chosen) > 1


def test_each_person_has_two_pictures_and_is_nobodys_impostor(embedded: Embedded) -> None:
    sample = choose_pairs(embedded, 4, 0, None)
    owners = embedded.dataset.owners
    assert len(set(owners[sample.probes])) == 4
    assert np.array_equal(owners[sample.references], owners[sample.probes])
    assert not np.any(sample.references == sample.probes)
    assert sorted(owners[sample.strangers]) == list(range(7))
    same = owners[sample.probes][:, None] == owners[sample.strangers][None]
    assert np.array_equal(sample.allowed, ~same)
    assert set(sample.references) <= set(sample.strangers)


def test_errata_leave_out_pictures_and_join_names(embedded: Embedded) -> None:
    errata = Errata((Erratum("ada0.png", "", "wrong_name", ""),))
    everybody = choose_pairs(embedded, 6, 0, errata)
    ada = embedded.dataset.identities.index("ada")
    assert ada not in embedded.dataset.owners[everybody.probes]
    assert len(everybody.strangers) == 7
    names = Dataset(
        "fakes",
        embedded.dataset.root,
        tuple(
            Picture(p.path, f"{p.identity}/{p.name}", p.identity) for p in embedded.dataset.pictures
        ),
    )
    twice = Errata((Erratum("ben/ben0.png", "gus/gus0.png", "same_person", ""),))
    sample = choose_pairs(replace(embedded, dataset=names), 6, 0, twice)
    assert (~sample.allowed).sum() == 6 + 1


def test_fewer_people_than_asked_for_are_noted(pipeline: Pipeline, embedded: Embedded) -> None:
    found = measure(pipeline, embedded, people=50, conditions=(TURNED,))
    assert found.people == 6
    assert "50 people were asked for, 6" in found.notes[0]


def test_progress_counts_people(pipeline: Pipeline, embedded: Embedded) -> None:
    seen: list[tuple[int, int]] = []
    measure(
        pipeline,
        embedded,
        people=3,
        conditions=(TURNED,),
        progress=lambda done, of: seen.append((done, of)),
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_somebody_needs_two_pictures(pipeline: Pipeline, tmp_path: Path) -> None:
    single = embed(pipeline, shoot(tmp_path, PEOPLE, 1))
    with pytest.raises(BadDataset, match="two usable pictures"):
        measure(pipeline, single)


def test_real_pictures_hold_in_the_dark_and_break_under_blur(test_data: Path) -> None:
    root = test_data / "lfw" / "images"
    people = [f for f in sorted(root.iterdir()) if (f / f"{f.name}_0002.jpg").exists()][:6]
    pictures = tuple(
        Picture(path, f"{f.name}/{path.name}", f.name)
        for f in people
        for path in (f / f"{f.name}_0001.jpg", f / f"{f.name}_0002.jpg")
    )
    pipeline = build_pipeline(Settings.load())
    data = embed(pipeline, Dataset("six", root, pictures))
    conditions = (
        Condition("dark", "light", "{}", (2,)),
        Condition("blur", "camera", "{}", (12,)),
        Condition("distance", "file and size", "{}", (24,)),
    )
    dark, blurred, distant = measure(pipeline, data, people=6, conditions=conditions).cells
    assert dark.end_to_end.events >= 5
    assert distant.detected.events >= 5
    assert blurred.end_to_end.events <= 1
