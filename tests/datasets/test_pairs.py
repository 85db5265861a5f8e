import pytest

from visavis.datasets.pairs import read_pairs
from visavis.errors import BadDataset


def test_each_kind_of_list_finds_its_reader(lay, text) -> None:
    root = lay("Ada/Ada_0001.jpg", "Ada/Ada_0002.jpg", "Ben/Ben_0001.jpg")
    text("pairs.txt", "1 1\nAda 1 2\nAda 1 Ben 1\n")
    assert read_pairs(root / "pairs.txt", root).name == "LFW View 2"
    plain = text("plain.txt", "Ada/Ada_0001.jpg Ben/Ben_0001.jpg 0\n")
    assert read_pairs(plain, root).name == "plain"
    text("Protocol/Pair_list_F.txt", "1 ../Data/Images/001/frontal/01.jpg\n")
    text("Protocol/Split/FF/01/same.txt", "1,1\n")
    text("Protocol/Split/FF/01/diff.txt", "")
    lay("Data/Images/001/frontal/01.jpg")
    assert read_pairs(root / "Protocol", root, part="FF").name == "CFP-FF"


def test_a_kind_may_be_insisted_on(lay, text) -> None:
    root = lay("Ada/Ada_0001.jpg")
    plain = text("plain.txt", "Ada/Ada_0001.jpg Ada/Ada_0001.jpg 1\n")
    with pytest.raises(BadDataset, match="counts"):
        read_pairs(plain, root, "lfw")
    with pytest.raises(BadDataset, match="Split"):
        read_pairs(plain, root, "cfp")
    with pytest.raises(BadDataset, match="'ijb'"):
        read_pairs(plain, root, "ijb")


def test_what_is_not_there_is_refused(lay) -> None:
    with pytest.raises(BadDataset, match="expected a list"):
        read_pairs(lay() / "none.txt", lay())
