import pytest

from visavis.datasets.lfw_pairs import is_lfw_list, read_lfw_pairs
from visavis.errors import BadDataset

NAMES = [f"{p}/{p}_000{n}.jpg" for p in ("Ada", "Ben") for n in (1, 2, 3)]
VIEW_2 = "2\t1\nAda\t1\t2\nAda\t1\tBen\t1\nBen\t2\t3\nAda\t3\tBen\t3\n"
ROWS = [[(0, 1, 1), (0, 3, 0)], [(4, 5, 1), (2, 5, 0)]]


@pytest.fixture
def images(lay):
    return lay(*(f"images/{name}" for name in NAMES))


@pytest.mark.parametrize("gap", ["\t", "  "])
def test_folds_of_view_2(images, text, gap: str) -> None:
    found = read_lfw_pairs(text("pairs.txt", VIEW_2.replace("\t", gap)), images)
    assert [fold.tolist() for fold in found.folds] == [[list(r) for r in rows] for rows in ROWS]
    assert [p.name for p in found.dataset.pictures] == NAMES
    assert (found.name, found.notes) == ("LFW View 2", ())


def test_view_1_is_one_fold(images, text) -> None:
    file = text("pairsDevTrain.txt", "2\nAda 1 2\nBen 2 3\nAda 1 Ben 1\nAda 3 Ben 3\n")
    found = read_lfw_pairs(file, images / "images")
    assert [fold.tolist() for fold in found.folds] == [[[0, 1, 1], [4, 5, 1], [0, 3, 0], [2, 5, 0]]]
    assert found.name.endswith(" View 1, train")


def test_a_missing_picture_is_left_out_with_a_note(images, text) -> None:
    content = "2\t1\nAda\t1\t2\nCoffin\t1\tBen\t1\nBen\t2\t9\nAda\t3\tCoffin\t1\n"
    found = read_lfw_pairs(text("pairs.txt", content), images)
    assert [fold.tolist() for fold in found.folds] == [[[0, 1, 1]]]
    assert found.notes == (
        "left out 3 pairs, whose pictures are not there: Coffin/Coffin_0001, Ben/Ben_0009",
    )


def test_a_list_of_strangers_alone_is_refused(images, text) -> None:
    with pytest.raises(BadDataset, match="found none of 2"):
        read_lfw_pairs(text("pairs.txt", "1 1\nZoe 1 2\nZoe 1 Yan 1\n"), images)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "Ada 1 2\n",
        "0 0\n",
        "2 1\nAda 1 2\nAda 1 Ben 1\n",  # half of the folds are missing
        "1 1\nAda 1 Ben 1\nAda 1 2\n",  # different before same
        "1 1\nAda 1 2\nAda one Ben 1\n",
        "1 1\nAda 1 2\nAda 1\n",
    ],
)
def test_lists_that_do_not_fit_are_refused(images, text, content: str) -> None:
    with pytest.raises(BadDataset):
        read_lfw_pairs(text("pairs.txt", content), images)


def test_a_csv_mirror_gives_the_same_folds(images, text) -> None:
    rows = VIEW_2.split("\n", 1)[1].replace("\t", ",").replace("\nBen,2,3\n", "\nBen,2,3,\n")
    found = read_lfw_pairs(text("pairs.csv", f"name,imagenum1,imagenum2,\n{rows}"), images)
    assert [fold.tolist() for fold in found.folds] == [[list(r) for r in rows] for rows in ROWS]


def test_a_csv_of_same_pairs_alone_is_one_fold(images, text) -> None:
    file = text("matchpairsDevTest.csv", "name,imagenum1,imagenum2\nAda,1,2\nBen,1,2\nBen,1,3\n")
    assert [len(fold) for fold in read_lfw_pairs(file, images).folds] == [3]


def test_uneven_runs_of_a_csv_are_one_fold(images, text) -> None:
    rows = "Ada,1,2\nAda,1,Ben,1\nBen,1,2\nBen,2,3\nAda,3,Ben,3\n"
    file = text("pairs.csv", f"name,imagenum1,imagenum2,\n{rows}")
    assert [len(fold) for fold in read_lfw_pairs(file, images).folds] == [5]


def test_its_lists_are_known_by_their_first_line(text) -> None:
    assert is_lfw_list(text("a.txt", "10\t300\n"))
    assert is_lfw_list(text("b.txt", "500\n"))
    assert is_lfw_list(text("c.csv", "name,imagenum1,imagenum2,\n"))
    assert not is_lfw_list(text("d.txt", "a.jpg b.jpg 1\n"))
    assert not is_lfw_list(text("e.csv", "file_x,file_y,Decision\n"))


def test_the_real_protocol(test_data) -> None:
    """6,000 pairs in ten folds; the development test lacks the one picture that was withdrawn."""
    lfw = test_data / "lfw"
    view_2 = read_lfw_pairs(lfw / "pairs.txt", lfw)
    assert [fold[:, 2].tolist() for fold in view_2.folds] == [[1] * 300 + [0] * 300] * 10
    assert view_2.notes == ()
    test = read_lfw_pairs(lfw / "pairsDevTest.txt", lfw)
    assert (len(test.pairs), int(test.pairs[:, 2].sum())) == (999, 500)
    assert "Betsy_Coffin_0001" in test.notes[0]
    assert len(read_lfw_pairs(lfw / "pairsDevTrain.txt", lfw).pairs) == 2200
    owners = view_2.dataset.owners
    first, second, same = view_2.pairs.T
    assert ((owners[first] == owners[second]) == (same == 1)).all()
