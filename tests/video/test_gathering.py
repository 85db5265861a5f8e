from pathlib import Path

import numpy as np
import pytest

from visavis.errors import VisavisError
from visavis.image import encode, save
from visavis.quality import assess
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Identification, Match, Reason, Sample, Threshold
from visavis.video.appearances import Appearance, Part, Shot
from visavis.video.gathering import Gathering, photos, portrait


def found(*people: str, seed: int = 0, known: str | None = None) -> list[Identification]:
    photo = fake_photo(*people, noise=2, seed=seed)
    faces = FakeDetector().detect(photo)
    made = FakeEmbedder().embed(photo, faces)
    match = (Match(known, 0.9, "0" * 16),) if known else ()
    return [
        Identification(Sample(face, vector, assess(photo, face)), match, Threshold(0.5))
        for face, vector in zip(faces, made, strict=True)
    ]


def appearance(person: str, *frames: int) -> Appearance:
    [one] = found(person, seed=frames[0])
    shot = Shot(encode(fake_photo(person), "PNG"), one.sample.face.box)
    spans = ((float(frames[0]), float(frames[-1])),)
    return Appearance(spans, frames, None, 0.0, "unknown", 0.5, one.sample.embedding, shot)


def test_people_are_numbered_by_how_often_they_were_found() -> None:
    gathering = Gathering()
    gathering.photo("1.png", found("ada", "ben", seed=1))
    gathering.photo("2.png", found("ben", seed=2))
    gathering.film("film.mp4", Part(0, (0.0, 9.0), (appearance("ada", 1, 2, 3),)))
    ada, ben = gathering.groups(0.5)
    assert (ada.number, ada.finds, {f.source for f in ada.faces}) == (1, 4, {"1.png", "film.mp4"})
    assert (ben.number, ben.finds) == (2, 2)
    assert ben.alike > 0.9
    assert len(gathering.groups(0.5, least=3)) == 1


def test_faces_of_one_picture_are_two_people() -> None:
    gathering = Gathering()
    gathering.photo("1.png", found("ada", "ada"))
    assert len(gathering.groups(0.5)) == 2
    gathering = Gathering()
    together = appearance("ada", 1, 2), appearance("ada", 2, 3)
    gathering.film("film.mp4", Part(0, (0.0, 9.0), together))
    assert len(gathering.groups(0.5)) == 2


def test_known_and_unclear_faces_are_counted_alone() -> None:
    gathering = Gathering()
    gathering.photo("1.png", found("ada", known="ada"))
    [one] = found("ben")
    gathering.photo(
        "2.png", [Identification(one.sample, (), one.threshold, 0.0, (Reason.BLURRED,))]
    )
    assert (len(gathering), gathering.known, gathering.unclear) == (0, {"ada": 1}, 1)
    assert gathering.groups(0.5) == []


def test_portraits_and_photos_to_enrol_show_the_face(tmp_path: Path) -> None:
    path = tmp_path / "1.png"
    save(fake_photo("ben", "ada"), path)
    gathering = Gathering()
    gathering.photo(str(path), found("ben", "ada"))
    gathering.film("film.mp4", Part(0, (0.0, 9.0), (appearance("ada", 1),)))
    [ada, _] = gathering.groups(0.5)
    for face in ada.faces:
        picture = portrait(face, lambda source: fake_photo("ben", "ada"))
        assert len(FakeDetector().detect(picture)) >= 1
    assert len(list(photos(ada, 6))) == 2
    [one] = photos(ada, 1)
    assert np.isfinite(one.box).all()


def test_what_cannot_be_grouped_is_said() -> None:
    gathering = Gathering()
    gathering.photo("1.png", found("ada"))
    photo = fake_photo("ben")
    [face] = FakeDetector().detect(photo)
    [other] = FakeEmbedder(model="other").embed(photo, [face])
    sample = Sample(face, other, assess(photo, face))
    gathering.photo("2.png", [Identification(sample, (), Threshold(0.5))])
    with pytest.raises(VisavisError):
        gathering.groups(0.5)
