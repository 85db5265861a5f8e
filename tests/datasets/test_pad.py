import pytest

from visavis.datasets.pad import read_pad
from visavis.datasets.records import BONA_FIDE
from visavis.errors import BadDataset


def shown(pad):
    return [(p.picture.name, p.species, p.subject) for p in pad.presentations]


def test_an_index_says_species_and_subjects(lay, text) -> None:
    root = lay("real/a.jpg", "fake/a.jpg", "fake/b.jpg")
    text(
        "index.csv",
        "file,label,subject,session,species,device,light\n"
        "real/a.jpg,real,01,02,,phone,dim\n"
        "fake/a.jpg,print,01,02,,,\n"
        "fake/b.jpg,attack,01,03,Screen Replay,,\n"
        "fake/gone.jpg,attack,01,03,,,\n",
    )
    pad = read_pad(root)
    assert shown(pad) == [
        ("real/a.jpg", BONA_FIDE, "01"),
        ("fake/a.jpg", "print", "01"),
        ("fake/b.jpg", "screen_replay", "01"),
    ]
    first = pad.presentations[0]
    assert (first.session, first.device, first.picture.identity) == ("02", "phone", "01")
    assert dict(first.picture.attributes) == {"light": "dim"}
    assert pad.species == ("print", "screen_replay")
    assert pad.dataset.notes == ("left out 1 listed picture: not there",)


@pytest.mark.parametrize("label", ["1", "-1", ""])
def test_labels_that_could_mean_either_are_refused(lay, text, label: str) -> None:
    lay("a.jpg")
    text("index.csv", f"file,label\na.jpg,{label}\n")
    with pytest.raises(BadDataset, match="labels such as real"):
        read_pad(lay())


def test_an_index_needs_its_columns(lay, text) -> None:
    text("index.csv", "file,subject\na.jpg,1\n")
    with pytest.raises(BadDataset, match="label"):
        read_pad(lay())


def test_folders_say_species_where_they_are_no_subjects(lay) -> None:
    root = lay(
        "train/Live/anna/1.jpg",
        "train/Live/0002/1.jpg",
        "train/spoof/anna/1.jpg",
        "train/spoof/0002/1.jpg",
        "train/spoof/Paper Mask/anna/1.jpg",
        "train/spoof/0002/replay/1.jpg",
        "train/spoof/1.jpg",
    )
    assert shown(read_pad(root)) == [
        ("train/Live/0002/1.jpg", BONA_FIDE, "0002"),
        ("train/Live/anna/1.jpg", BONA_FIDE, "anna"),
        ("train/spoof/0002/1.jpg", "spoof", "0002"),
        ("train/spoof/0002/replay/1.jpg", "replay", "0002"),
        ("train/spoof/1.jpg", "spoof", ""),
        ("train/spoof/Paper Mask/anna/1.jpg", "paper_mask", "anna"),
        ("train/spoof/anna/1.jpg", "spoof", "anna"),
    ]


def test_folders_of_species_beside_one_of_bona_fide_pictures(lay) -> None:
    pad = read_pad(lay("bona-fide/1.jpg", "print/s01/1.jpg", "mask/s02/1.jpg", "other/1.jpg"))
    assert shown(pad) == [
        ("bona-fide/1.jpg", BONA_FIDE, ""),
        ("mask/s02/1.jpg", "mask", "s02"),
        ("print/s01/1.jpg", "print", "s01"),
    ]
    assert pad.presentations[1].picture.identity == "s02"
    assert pad.dataset.notes == ("left out 1 picture outside folders such as real and spoof",)


@pytest.mark.parametrize("names", [("real/1.jpg",), ("spoof/1.jpg",), ("ada/1.jpg",), ()])
def test_one_kind_alone_is_refused(lay, names: tuple[str, ...]) -> None:
    with pytest.raises(BadDataset, match="expected bona fide presentations and attacks"):
        read_pad(lay(*names))


def test_another_index_may_be_named(lay, text) -> None:
    root = lay("a.jpg", "b.jpg")
    file = text("lists/own.csv", "file;label\na.jpg;live\nb.jpg;replay\n")
    assert [p.species for p in read_pad(root, file).presentations] == [BONA_FIDE, "replay"]


def test_the_real_set(test_data) -> None:
    pad = read_pad(test_data / "pad" / "nuaa_train")
    attacks = [p for p in pad.presentations if p.attack]
    assert (len(pad.presentations) - len(attacks), len(attacks)) == (270, 324)
    assert pad.species == ("print",)
    assert len({p.subject for p in pad.presentations}) == 9
    assert {p.session for p in pad.presentations} == {"01", "02"}
