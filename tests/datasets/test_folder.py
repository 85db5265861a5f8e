import pytest

from visavis.datasets.folder import read_folder
from visavis.errors import BadDataset


def test_folders_are_people(lay) -> None:
    dataset = read_folder(lay("ben/2.png", "ben/10.jpg", "ada/x.jpg", at="staff"))
    assert [(p.name, p.identity) for p in dataset.pictures] == [
        ("ada/x.jpg", "ada"),
        ("ben/10.jpg", "ben"),
        ("ben/2.png", "ben"),
    ]
    assert (dataset.name, dataset.notes) == ("staff", ())


def test_what_is_nobody_s_is_noted(lay) -> None:
    root = lay("ada/x.jpg", "empty/readme.txt", "loose.jpg", "list.txt")
    assert read_folder(root).notes == (
        "left out 1 folder without pictures",
        "left out 1 picture in nobody's folder",
    )


def test_no_folder_with_pictures_is_refused(lay) -> None:
    with pytest.raises(BadDataset, match=r"expected <identity>/<picture>.*1 file \(a\.jpg\)"):
        read_folder(lay("a.jpg"))
