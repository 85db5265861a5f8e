import pytest

from visavis.datasets.vggface2 import is_vggface2, read_vggface2
from visavis.errors import BadDataset

META = 'Class_ID, Name, Sample_Num, Flag, Gender\nn000001, "14th_Dalai, Lama", 424, 0, m,\n'


def test_parts_people_and_genders(lay, text) -> None:
    root = lay("train/n000002/0001_01.jpg", "test/n000001/0001_01.jpg", "test/n000001/0002_01.jpg")
    text("identity_meta.csv", META)
    dataset = read_vggface2(root)
    assert [(p.name, p.identity) for p in dataset.pictures] == [
        ("train/n000002/0001_01.jpg", "n000002"),
        ("test/n000001/0001_01.jpg", "n000001"),
        ("test/n000001/0002_01.jpg", "n000001"),
    ]
    assert dict(dataset.pictures[0].attributes) == {"part": "train"}
    assert dict(dataset.pictures[1].attributes) == {
        "part": "test",
        "gender": "m",
        "person": "14th_Dalai, Lama",
    }
    assert dataset.notes == ("without a gender, not being in identity_meta.csv: 1 people",)


def test_one_part_s_folder_alone_will_do(lay) -> None:
    root = lay("n000001/0001_01.jpg", "other/x.jpg")
    [picture] = read_vggface2(root).pictures
    assert (picture.name, dict(picture.attributes)) == ("n000001/0001_01.jpg", {})


def test_it_is_known_by_folders_or_list(lay, text) -> None:
    assert is_vggface2(lay("val/n000001/0001_01.jpg", at="a"))
    assert not is_vggface2(lay("train/ada/1.jpg", at="b"))
    text("identity_meta.csv", META)
    assert is_vggface2(lay())


def test_other_sets_are_refused(lay, text) -> None:
    with pytest.raises(BadDataset, match="train/n000001"):
        read_vggface2(lay("train/ada/1.jpg"))
    lay("train/n000001/0001_01.jpg")
    text("identity_meta.csv", "Class_ID, Name\nn000001, x\n")
    with pytest.raises(BadDataset, match="Gender"):
        read_vggface2(lay())
