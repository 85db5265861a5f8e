import pytest

from visavis.datasets.attributes import mend_age, read_attributes
from visavis.errors import BadDataset


def test_every_other_column_is_an_attribute(lay, text) -> None:
    root = lay("val/1.jpg", "val/2.jpg")
    text(
        "fairface_label_val.csv",
        "file,age,gender,service_test\nval/1.jpg,3-9,Male,True\n"
        "val/2.jpg,more than 70,Female,False\n",
    )
    dataset = read_attributes(root)
    assert [p.name for p in dataset.pictures] == ["val/1.jpg", "val/2.jpg"]
    assert dict(dataset.pictures[1].attributes) == {
        "age": "more than 70",
        "gender": "Female",
        "service_test": "False",
    }
    assert (dataset.identities, dataset.notes) == ((), ())


def test_several_tables_are_read_together_but_labels_csv_alone(lay, text) -> None:
    root = lay("train/1.jpg", "val/1.jpg")
    text("a_label_train.csv", "file,age\ntrain/1.jpg,3-9\n")
    text("a_label_val.csv", "file,age\nval/1.jpg,3-9\n")
    assert len(read_attributes(root)) == 2
    text("labels.csv", "file,age\nval/1.jpg,3-9\n")
    assert [p.name for p in read_attributes(root).pictures] == ["val/1.jpg"]


def test_the_file_column_goes_by_name_or_is_the_first(lay, text) -> None:
    root = lay("a.jpg")
    text("labels.csv", "sex,filename\nf,a.jpg\n")
    assert dict(read_attributes(root).pictures[0].attributes) == {"sex": "f"}
    text("labels.csv", "portrait,sex\na.jpg,f\n")
    assert dict(read_attributes(root).pictures[0].attributes) == {"sex": "f"}


def test_an_identity_column_names_people(lay, text) -> None:
    root = lay("a.jpg", "b.jpg")
    text("index.csv", "file,identity,sex\na.jpg,Ada,f\nb.jpg,,\n")
    assert [p.identity for p in read_attributes(root).pictures] == ["Ada", None]


def test_ages_made_dates_are_put_right_and_noted(lay, text) -> None:
    root = lay("1.jpg", "2.jpg", "3.jpg")
    text("labels.csv", "file,age\n1.jpg,03-Sep\n2.jpg,Oct-19\n3.jpg,20-29\n")
    dataset = read_attributes(root)
    assert [p.attributes["age"] for p in dataset.pictures] == ["3-9", "10-19", "20-29"]
    assert dataset.notes == ("put right 2 ages that a spreadsheet had made a date",)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("03-Sep", "3-9"),
        ("9-Mar", "3-9"),
        ("Oct-19", "10-19"),
        ("19-Oct", "10-19"),
        ("0-2", "0-2"),
        ("more than 70", "more than 70"),
        ("Sep-2003", "Sep-2003"),
        ("-", "-"),
        ("", ""),
    ],
)
def test_mending_one_age(text: str, right: str) -> None:
    assert mend_age(text) == right


def test_pictures_that_are_not_there_are_noted(lay, text) -> None:
    root = lay("a.jpg")
    text("labels.csv", "file,sex\na.jpg,f\nb.jpg,m\n")
    dataset = read_attributes(root)
    assert [p.name for p in dataset.pictures] == ["a.jpg"]
    assert dataset.notes == ("left out 1 of 2 listed pictures: not there",)


def test_no_table_no_picture_and_ways_out_are_refused(lay, text) -> None:
    with pytest.raises(BadDataset, match=r"labels\.csv"):
        read_attributes(lay("a.jpg"))
    text("labels.csv", "file\nnone.jpg\n")
    with pytest.raises(BadDataset, match="found none"):
        read_attributes(lay())
    text("labels.csv", "file\n../a.jpg\n")
    with pytest.raises(BadDataset, match="inside"):
        read_attributes(lay())
