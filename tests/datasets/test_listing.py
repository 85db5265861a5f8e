import pytest

from visavis.datasets.listing import contents, counted, first_of, folders, inside, pictures, tree
from visavis.errors import BadDataset


def test_pictures_are_listed_by_name_and_nothing_else(lay) -> None:
    root = lay("b.JPG", "a.png", "notes.txt", ".hidden.jpg", "x/c.jpg", "x/y/d.webp")
    assert [p.name for p in pictures(root)] == ["a.png", "b.JPG"]
    assert [p.name for p in folders(root)] == ["x"]
    assert [p.relative_to(root).as_posix() for p in tree(root)] == [
        "a.png",
        "b.JPG",
        "x/c.jpg",
        "x/y/d.webp",
    ]


def test_the_first_place_that_is_there_is_found(lay) -> None:
    root = lay("b/x.jpg")
    assert first_of(root, "a", "b", "b/x.jpg") == root / "b"
    assert first_of(root, "a") is None


@pytest.mark.parametrize(
    "name", ["../x.jpg", "a/../../x.jpg", "/etc/x.jpg", "C:/x.jpg", "", "..\\x"]
)
def test_names_that_lead_out_of_the_set_are_refused(tmp_path, name: str) -> None:
    with pytest.raises(BadDataset, match="inside"):
        inside(tmp_path, name)


def test_names_inside_are_taken_with_either_slash(tmp_path) -> None:
    assert inside(tmp_path, "a\\b.jpg") == inside(tmp_path, "a/b.jpg") == tmp_path / "a" / "b.jpg"


def test_contents_say_what_is_there(lay) -> None:
    root = lay("a/x.jpg", "b/x.jpg", "c/x.jpg", "d/x.jpg", "e/x.jpg", "list.txt")
    assert contents(root) == "5 folders (a, b, c, d, …) and 1 file (list.txt)"
    assert contents(root / "none") == "no folder"
    assert (counted(1, "picture"), counted(2, "picture")) == ("1 picture", "2 pictures")
