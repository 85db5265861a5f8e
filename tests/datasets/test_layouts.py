import pytest

from visavis.datasets.layouts import read, recognise
from visavis.errors import BadDataset

LFW = "images/Ada_X/Ada_X_0001.jpg"


@pytest.mark.parametrize(
    ("names", "layout"),
    [
        ([LFW, "pairs.txt"], "lfw"),
        (["Ada_X/Ada_X_0001.jpg"], "lfw"),
        (["ada/1.jpg", "ben/1.jpg"], "folder"),
        (["ada/1.jpg", "index.csv"], "folder"),
        (["train/n000001/0001_01.jpg", "train_list.txt"], "vggface2"),
        (["img_align_celeba/000001.jpg", "list_attr_celeba.csv"], "celeba"),
        (["img_celeba/000001.jpg", "identity_CelebA.txt"], "celeba"),
        (["train/1.jpg", "val/1.jpg", "fairface_label_val.csv"], "attributes"),
        (["1.jpg", "labels.csv"], "attributes"),
        (["1.jpg", "index.csv"], "attributes"),
    ],
)
def test_each_layout_is_recognised(lay, names: list[str], layout: str) -> None:
    assert recognise(lay(*names)) == layout


def test_an_unknown_layout_says_what_was_looked_for_and_found(lay) -> None:
    root = lay("a.jpg", "deep/deeper/b.jpg")
    with pytest.raises(BadDataset, match=r"\(lfw\).*\(celeba\).*1 folder \(deep\) and 1 file"):
        read(root)


def test_what_is_no_folder_or_no_layout_is_refused(lay, tmp_path) -> None:
    with pytest.raises(BadDataset, match="expected a folder"):
        read(tmp_path / "none")
    with pytest.raises(BadDataset, match="'coco'"):
        read(lay("ada/1.jpg"), "coco")


def test_a_layout_may_be_insisted_on(lay, text) -> None:
    root = lay("train/n000001/0001_01.jpg", "train/n000001/n000001_0001.jpg")
    assert read(root).name == "VGGFace2"
    assert read(root / "train", "folder").name == "train"
    assert read(root / "train", "lfw").notes
    text("labels.csv", "file,sex\ntrain/n000001/0001_01.jpg,f\n")
    assert len(read(root, "attributes")) == 1
    with pytest.raises(BadDataset, match="img_celeba"):
        read(root, "celeba")


def test_the_real_sets(test_data) -> None:
    identities = read(test_data / "identities")
    assert (len(identities), len(identities.identities)) == (4012, 199)
    fairface = read(test_data / "fairface")
    assert (len(fairface), fairface.identities, fairface.notes) == (2100, (), ())
    assert {p.attributes["gender"] for p in fairface.pictures} == {"Male", "Female"}
    assert len({p.attributes["race"] for p in fairface.pictures}) == 7
