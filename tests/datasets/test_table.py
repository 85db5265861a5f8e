import pytest

from visavis.datasets.table import Row, read_table
from visavis.errors import BadDataset


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_with_any_usual_delimiter(text, delimiter: str) -> None:
    file = text("t.csv", f"\ufefffile{delimiter} Age \n a.jpg {delimiter}3-9\n\nb.jpg{delimiter}\n")
    table = read_table(file)
    assert table.columns == ("file", "Age")
    assert table.rows == (("a.jpg", "3-9"), ("b.jpg", ""))
    assert (table.place("age"), table.place("nothing", "file"), table.place("x")) == (1, 0, None)


def test_labels_leave_columns_out_and_compare_as_mappings(text) -> None:
    table = read_table(text("t.csv", "file,age,sex\na.jpg,4,f\n"))
    [row] = table.labels({0})
    assert row == {"age": "4", "sex": "f"}
    assert sorted(row.items()) == [("age", "4"), ("sex", "f")]
    assert (len(row), repr(row)) == (2, "{'age': '4', 'sex': 'f'}")
    with pytest.raises(KeyError):
        row["file"]
    assert row == Row({"age": 0, "sex": 1}, ("4", "f"))


def test_missing_fields_are_empty_and_empty_ones_over_are_ignored(text) -> None:
    table = read_table(text("t.csv", "a,b,c\n1\n1,2,3,,\n"))
    assert table.rows == (("1", "", ""), ("1", "2", "3"))


def test_a_line_with_more_fields_is_refused(text) -> None:
    with pytest.raises(BadDataset, match="expected 2 fields in line 3"):
        read_table(text("t.csv", "a,b\n1,2\n1,2,3\n"))


def test_what_is_no_table_is_refused(text, tmp_path) -> None:
    with pytest.raises(BadDataset, match="empty"):
        read_table(text("t.csv", "\n"))
    with pytest.raises(BadDataset, match="FileNotFoundError"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "set" / "t.csv").write_bytes(b"a,b\n\xff\xfe\n")
    with pytest.raises(BadDataset, match="UnicodeDecodeError"):
        read_table(tmp_path / "set" / "t.csv")
