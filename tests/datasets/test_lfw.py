import pytest

from visavis.datasets.lfw import PLACES, errata, images_folder, read_errata, read_lfw, read_people
from visavis.errors import BadDataset

PEOPLE = ("Ada_Lovelace/Ada_Lovelace_0001.jpg", "Ada_Lovelace/Ada_Lovelace_0002.jpg")


@pytest.mark.parametrize("place", PLACES)
def test_it_is_found_in_every_layout(lay, place: str) -> None:
    root = lay(*(f"{place}/{name}" for name in (*PEOPLE, "Al_X/Al_X_0001.png")), at="any-lfw")
    dataset = read_lfw(root)
    assert images_folder(root) == root / place
    assert [p.name for p in dataset.pictures] == [*PEOPLE, "Al_X/Al_X_0001.png"]
    assert dataset.identities == ("Ada_Lovelace", "Al_X")
    assert all(p.path.is_file() for p in dataset.pictures)
    assert (dataset.name, dataset.notes) == ("LFW", ())


def test_other_files_are_left_out_with_a_note(lay) -> None:
    root = lay(*PEOPLE, "Ada_Lovelace/thumb.jpg", "Ada_Lovelace/Ben_0001.jpg", "pairs_01.txt")
    dataset = read_lfw(root)
    assert [p.name for p in dataset.pictures] == list(PEOPLE)
    assert dataset.notes == ("left out 2 files not named as LFW names pictures",)


def test_a_set_in_lfw_s_manner_keeps_its_own_name(lay) -> None:
    assert read_lfw(lay(*PEOPLE, at="staff")).name == "staff"
    assert read_lfw(lay(*PEOPLE, "pairs.txt", at="other")).name == "LFW"


def test_another_layout_is_refused_with_what_was_looked_for(lay) -> None:
    with pytest.raises(BadDataset, match=r"lfw_funneled/.*got 1 folder \(n000001\) and 0 files"):
        read_lfw(lay("n000001/0001_01.jpg"))


def test_people_by_folds_and_alone(text) -> None:
    assert read_people(text("people.txt", "2\n1\nAda\t4\n2\nBen\t1\nCleo\t2\n")) == (
        ("Ada",),
        ("Ben", "Cleo"),
    )
    assert read_people(text("peopleDevTest.txt", "2\nBen\t1\nCleo\t2\n")) == (("Ben", "Cleo"),)


@pytest.mark.parametrize(
    "content", ["", "2\nBen\t1\n", "3\n1\nAda\t4\n1\nBen\t1\n", "x\ty\nBen\t1\n"]
)
def test_people_that_do_not_fit_their_counts_are_refused(text, content: str) -> None:
    with pytest.raises(BadDataset):
        read_people(text("people.txt", content))


def test_errata_say_what_to_leave_out_and_who_is_one_person(text) -> None:
    found = read_errata(
        text(
            "errata.csv",
            "first,second,verdict,note\n"
            "B/B_0001.jpg,A/A_0001.jpg,same_person,two names\n"
            "A/A_0002.jpg,B/B_0003.jpg,same_person,two names\n"
            "C/C_0002.jpg,,wrong_name,\n"
            "D/D_0001.jpg,D/D_0002.jpg,duplicate,twice\n"
            "E/E_0001.jpg,F/F_0001.jpg,different,twins\n",
        )
    )
    assert found.left_out == {"C/C_0002.jpg", "D/D_0002.jpg"}
    assert found.same_people == {("A", "B")}
    assert found.different_people == {("E", "F")}
    assert found.entries[0].note == "two names"


@pytest.mark.parametrize(
    "line", ["A/A_1.jpg,B/B_1.jpg,sure,", "A/A_1.jpg,,same_person,", ",,wrong_name,x"]
)
def test_errata_that_make_no_sense_are_refused(text, line: str) -> None:
    with pytest.raises(BadDataset):
        read_errata(text("errata.csv", f"first,second,verdict,note\n{line}\n"))
    with pytest.raises(BadDataset, match="expected first,second,verdict,note"):
        read_errata(text("errata.csv", "a,b\n"))


def test_the_errata_that_come_along_are_read() -> None:
    found = errata()
    assert len(found.entries) == len({(e.first, e.second) for e in found.entries})


def test_the_real_one(test_data) -> None:
    dataset = read_lfw(test_data / "lfw")
    assert (dataset.name, len(dataset), len(dataset.identities)) == ("LFW", 13232, 5748)
    names = {p.name for p in dataset.pictures}
    listed = {n for e in errata().entries for n in (e.first, e.second) if n}
    assert listed <= names
    folds = read_people(test_data / "lfw" / "people.txt")
    assert [len(fold) for fold in folds] == [601, 555, 552, 560, 567, 527, 597, 601, 580, 609]
    assert {name for fold in folds for name in fold} - set(dataset.identities) == {"Betsy_Coffin"}
