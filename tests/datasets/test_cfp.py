import pytest

from visavis.datasets.cfp import read_cfp
from visavis.errors import BadDataset

PICTURES = [
    f"{i}/{pose}/0{n}.jpg"
    for i in ("001", "002")
    for pose in ("frontal", "profile")
    for n in (1, 2)
]


@pytest.fixture
def cfp(lay, text):
    """Two people, two pictures each way, two folds; frontal pictures are 1..4, so are profiles."""
    root = lay(*(f"Data/Images/{name}" for name in PICTURES))
    for letter, pose in (("F", "frontal"), ("P", "profile")):
        listed = [name for name in PICTURES if pose in name]
        lines = [f"{at} ../Data/Images/{name}\n" for at, name in enumerate(listed, 1)]
        text(f"Protocol/Pair_list_{letter}.txt", "".join(lines))
    text("Protocol/Split/FP/01/same.txt", "1,2\n")
    text("Protocol/Split/FP/01/diff.txt", "1,3\n")
    text("Protocol/Split/FP/02/same.txt", "4,3\n")
    text("Protocol/Split/FP/02/diff.txt", "3,1\n")
    text("Protocol/Split/FF/01/same.txt", "1,2\n3,4\n")
    text("Protocol/Split/FF/01/diff.txt", "2,3\n")
    return root


def named(found):
    names = [p.name for p in found.dataset.pictures]
    return [[(names[a], names[b], same) for a, b, same in fold.tolist()] for fold in found.folds]


def test_frontal_to_profile(cfp) -> None:
    found = read_cfp(cfp / "Protocol", cfp)
    assert named(found) == [
        [
            ("001/frontal/01.jpg", "001/profile/02.jpg", 1),
            ("001/frontal/01.jpg", "002/profile/01.jpg", 0),
        ],
        [
            ("002/frontal/02.jpg", "002/profile/01.jpg", 1),
            ("002/frontal/01.jpg", "001/profile/01.jpg", 0),
        ],
    ]
    assert (found.name, found.dataset.identities) == ("CFP-FP", ("001", "002"))
    assert {p.attributes["pose"] for p in found.dataset.pictures} == {"frontal", "profile"}


def test_frontal_to_frontal_needs_frontal_pictures_alone(cfp) -> None:
    found = read_cfp(cfp, cfp / "Data" / "Images", "FF")
    assert named(found) == [
        [
            ("001/frontal/01.jpg", "001/frontal/02.jpg", 1),
            ("002/frontal/01.jpg", "002/frontal/02.jpg", 1),
            ("001/frontal/02.jpg", "002/frontal/01.jpg", 0),
        ]
    ]
    assert len(found.dataset) == 4


def test_missing_pictures_are_noted(cfp) -> None:
    (cfp / "Data/Images/002/profile/01.jpg").unlink()
    found = read_cfp(cfp / "Protocol", cfp)
    assert [len(fold) for fold in found.folds] == [1, 1]
    assert found.notes == ("left out 2 pairs, whose pictures are not there: 002/profile/01.jpg",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Split/FP/01/same.txt", "1;2\n"),
        ("Split/FP/01/same.txt", "1,99\n"),
        ("Pair_list_P.txt", "one ../Data/Images/001/profile/01.jpg\n"),
        ("Pair_list_P.txt", "1 ../../01.jpg\n"),
    ],
)
def test_broken_lists_are_refused(cfp, text, name: str, content: str) -> None:
    text(f"Protocol/{name}", content)
    with pytest.raises(BadDataset):
        read_cfp(cfp / "Protocol", cfp)


def test_another_folder_is_refused(lay) -> None:
    with pytest.raises(BadDataset, match="Split/FP"):
        read_cfp(lay("x.jpg"), lay())
