import pytest

from visavis.datasets.celeba import is_celeba, read_celeba
from visavis.errors import BadDataset

FILES = ("000001.jpg", "000002.jpg")
IDENTITIES = "000001.jpg 2880\n000002.jpg 2937\n"
LIST = "2\nMale Young \n000001.jpg -1  1\n000002.jpg  1 -1\n"


@pytest.mark.parametrize(
    "place", ["img_celeba", "img_align_celeba/img_align_celeba", "Img/img_celeba"]
)
def test_identities_and_attributes(lay, text, place: str) -> None:
    root = lay(*(f"{place}/{name}" for name in FILES))
    text("identity_CelebA.txt", IDENTITIES)
    text("Anno/list_attr_celeba.txt", LIST)
    dataset = read_celeba(root)
    assert [(p.name, p.identity) for p in dataset.pictures] == [
        ("000001.jpg", "2880"),
        ("000002.jpg", "2937"),
    ]
    assert [dict(p.attributes) for p in dataset.pictures] == [
        {"Male": "-1", "Young": "1"},
        {"Male": "1", "Young": "-1"},
    ]
    assert (dataset.name, dataset.root, dataset.notes) == ("CelebA", root / place, ())


def test_a_copy_without_identities_is_told_so(lay, text) -> None:
    root = lay(*(f"img_align_celeba/{name}" for name in FILES))
    text("list_attr_celeba.csv", "image_id,Male\n000001.jpg,-1\n")
    dataset = read_celeba(root)
    assert dataset.identities == ()
    assert dict(dataset.pictures[0].attributes) == {"Male": "-1"}
    assert dataset.notes == ("2 pictures without an identity", "1 picture without attributes")


def test_png_pictures_go_by_the_lists_names(lay, text) -> None:
    root = lay("img_align_celeba_png/000002.png")
    text("identity_CelebA.txt", IDENTITIES)
    assert [p.identity for p in read_celeba(root).pictures] == ["2937"]


def test_it_is_known_by_any_of_its_parts(lay, text) -> None:
    assert not is_celeba(lay("ada/1.jpg", at="other"))
    assert is_celeba(lay("img_celeba/000001.jpg", at="pictures"))
    assert is_celeba(text("identity_CelebA.txt", IDENTITIES).parent)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("identity_CelebA.txt", "000001.jpg\n"),
        ("list_attr_celeba.txt", "2\nMale Young\n000001.jpg 1\n"),
        ("list_attr_celeba.txt", "2\n"),
    ],
)
def test_broken_lists_are_refused(lay, text, name: str, content: str) -> None:
    root = lay("img_celeba/000001.jpg")
    text(name, content)
    with pytest.raises(BadDataset):
        read_celeba(root)


def test_pictures_or_lists_missing_are_refused(lay, text) -> None:
    with pytest.raises(BadDataset, match="identity_CelebA"):
        read_celeba(lay("img_celeba/000001.jpg", at="no-lists"))
    with pytest.raises(BadDataset, match="with pictures"):
        read_celeba(text("identity_CelebA.txt", IDENTITIES).parent)
