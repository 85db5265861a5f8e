from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.lfw import Errata, Erratum
from visavis.datasets.records import Dataset, Picture
from visavis.errors import BadDataset
from visavis.evaluate.streams.cast import Cast, Desk, choose_cast
from visavis.image import save
from visavis.quality import assess
from visavis.types import Sample
from vivid import COLOURS, LENIENT, photo, vivid_pipeline, vivid_set


def chosen(folder: Path, seed: int = 0) -> Cast:
    pipeline, _ = vivid_pipeline()
    return choose_cast(pipeline, vivid_set(folder), people=2, enrolled=4, seed=seed)


def test_people_are_shown_by_other_photos_than_the_enrolled_one(tmp_path: Path) -> None:
    cast = chosen(tmp_path)
    assert len(cast.known) == len(cast.strangers) == 2
    assert len(cast.names) == len(cast.templates) == 4
    assert [r.name for r in cast.known] == list(cast.names[:2])
    assert all(len(r.shots) == 2 and r.enrolled for r in cast.known)
    for role in cast.known:
        shown = {shot.image.tobytes() for shot in role.shots}
        photos = {photo(role.name, seed).tobytes() for seed in range(3)}
        assert len(photos - shown) == 1


def test_strangers_are_not_enrolled(tmp_path: Path) -> None:
    cast = chosen(tmp_path)
    assert not {r.name for r in cast.strangers} & set(cast.names)
    assert not any(r.enrolled for r in cast.strangers)


def test_the_same_seed_chooses_the_same_and_another_others(tmp_path: Path) -> None:
    casts = [chosen(tmp_path, seed=seed).names for seed in (0, 0, 1, 2, 3)]
    assert casts[0] == casts[1]
    assert len(set(casts)) > 1


def test_who_has_two_names_or_a_wrong_one_takes_no_part(tmp_path: Path) -> None:
    pipeline, _ = vivid_pipeline()
    plain = vivid_set(tmp_path)
    renamed = tuple(Picture(p.path, f"{p.identity}/{p.name}", p.identity) for p in plain.pictures)
    data = Dataset("vivid", tmp_path, renamed)
    wrong = [Erratum(f"cleo/cleo{i}.png", "", "wrong_name", "") for i in range(3)]
    twice = Erratum("ada/ada0.png", "ben/ben0.png", "same_person", "")
    cast = choose_cast(pipeline, data, people=2, enrolled=9, errata=Errata((*wrong, twice)))
    assert len(cast.known) == 2
    taking_part = {*cast.names, *(r.name for r in cast.strangers)}
    assert taking_part == set(COLOURS) - {"ada", "ben", "cleo"}


def test_photos_without_a_face_are_passed_over(tmp_path: Path) -> None:
    data = vivid_set(tmp_path, each=2)
    for picture in data.pictures:
        if picture.name == "ada0.png":
            save(np.zeros((96, 96, 3), np.uint8), picture.path)
    pipeline, _ = vivid_pipeline()
    cast = choose_cast(pipeline, data, people=7 - 3, enrolled=0)
    assert "ada" not in [r.name for r in cast.known]


@pytest.mark.parametrize(("people", "each"), [(("ada", "ben"), 3), (("ada", "ben", "cleo"), 1)])
def test_too_few_people_are_a_bad_set(people: tuple[str, ...], each: int, tmp_path: Path) -> None:
    pipeline, _ = vivid_pipeline()
    with pytest.raises(BadDataset, match="two usable photos and two strangers"):
        choose_cast(pipeline, vivid_set(tmp_path, people, each), people=2, enrolled=2)


def test_the_desk_names_the_enrolled_and_nobody_else(tmp_path: Path) -> None:
    pipeline, _ = vivid_pipeline()
    cast = chosen(tmp_path)
    desk = Desk(cast.names, cast.templates, pipeline, replace(LENIENT, fpir=0.01))
    assert len(desk) == 4
    assert desk.threshold.rate == 0.01

    def asked(name: str) -> str | None:
        image = photo(name, 1)
        [face] = pipeline.detector.detect(image)
        [embedding] = pipeline.embedder.embed(image, [face])
        return desk(Sample(face, embedding, assess(image, face))).subject

    assert [asked(name) for name in cast.names] == list(cast.names)
    assert asked(cast.strangers[0].name) is None
