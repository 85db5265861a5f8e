import pytest

from visavis.datasets.pair_table import read_pair_table
from visavis.errors import BadDataset


@pytest.fixture
def images(lay):
    return lay("a.jpg", "b.jpg", "sub/c.jpg", at="pictures")


def rows(found):
    names = [p.name for p in found.dataset.pictures]
    return [[(names[a], names[b], same) for a, b, same in fold.tolist()] for fold in found.folds]


BOTH = [[("a.jpg", "b.jpg", 1), ("a.jpg", "sub/c.jpg", 0)]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("master.csv", "file_x,file_y,Decision\na.jpg,b.jpg,Yes\na.jpg,sub/c.jpg,No\n"),
        ("master.csv", "left;right;same\na.jpg;b.jpg;TRUE\na.jpg;sub\\c.jpg;false\n"),
        ("master.csv", ",file_x,file_y,Decision\n0,a.jpg,b.jpg,1\n1,a.jpg,sub/c.jpg,0\n"),
        ("master.csv", "a.jpg,b.jpg,1\na.jpg,sub/c.jpg,0\n"),
        ("list.txt", "a.jpg b.jpg 1\na.jpg  sub/c.jpg 0\n"),
        ("list.txt", "a.jpg\tb.jpg\tsame\na.jpg\tsub/c.jpg\tdiff\n"),
    ],
)
def test_headers_and_decisions_of_many_kinds(images, text, name: str, content: str) -> None:
    found = read_pair_table(text(name, content), images)
    assert rows(found) == BOTH
    assert (found.name, found.notes) == (name.partition(".")[0], ())


def test_a_fold_column_makes_folds(images, text) -> None:
    file = text("p.csv", "fold,x,y,same\n1,a.jpg,b.jpg,1\n2,b.jpg,a.jpg,1\n1,a.jpg,sub/c.jpg,0\n")
    assert rows(read_pair_table(file, images)) == [*BOTH, [("b.jpg", "a.jpg", 1)]]


def test_missing_pictures_are_noted_and_none_is_refused(images, text) -> None:
    found = read_pair_table(text("p.csv", "x,y,same\na.jpg,b.jpg,1\na.jpg,z.jpg,0\n"), images)
    assert rows(found) == [[("a.jpg", "b.jpg", 1)]]
    assert found.notes == ("left out 1 pair, whose pictures are not there: z.jpg",)
    with pytest.raises(BadDataset):
        read_pair_table(text("p.csv", "x,y,same\ny.jpg,z.jpg,0\n"), images)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "x,y,same\n",
        "x,y,same\na.jpg,b.jpg,perhaps\n",
        "x,y\na.jpg,b.jpg\n",
        "x,y,same\na.jpg\n",
    ],
)
def test_other_files_are_refused(images, text, content: str) -> None:
    with pytest.raises(BadDataset):
        read_pair_table(text("p.csv", content), images)


def test_a_way_out_is_refused(images, text) -> None:
    with pytest.raises(BadDataset, match="inside"):
        read_pair_table(text("p.csv", "x,y,same\na.jpg,../x.jpg,1\n"), images)
