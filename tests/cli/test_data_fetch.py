"""data list and data fetch, without a network."""

from importlib import import_module
from pathlib import Path

import pytest

from visavis.datasets.sources import CATALOGUE


def test_list_says_terms_and_ways(run, run_json) -> None:
    code, document = run_json("data", "list")
    assert code == 0
    assert [s["name"] for s in document["sources"]] == [s.name for s in CATALOGUE]
    assert all(s["terms"] and s["citation"] for s in document["sources"])
    shown = run("data", "list").stdout
    assert "visavis data fetch lfw-funneled" in shown
    assert "by hand" in shown


@pytest.mark.parametrize(
    ("name", "command"),
    [("vggface2", "-d hearfool/vggface2"), ("celeba", "-d jessicali9530/celeba-dataset")],
)
def test_a_set_that_is_not_offered_says_how_to_get_it(run, tmp_path, name, command) -> None:
    result = run("data", "fetch", name, "--to", tmp_path / "to")
    assert result.exit_code == 1
    assert f"{command} --unzip -p {tmp_path / 'to'}" in result.stdout
    terms = next(s.terms for s in CATALOGUE if s.name == name)
    assert terms in result.stderr
    assert not (tmp_path / "to").exists()


def test_unknown_names_list_the_known_ones(run_json) -> None:
    code, document = run_json("data", "fetch", "coco")
    assert code == 2
    assert "lfw-funneled" in document["error"]["message"]


def test_files_are_fetched_one_after_the_other(run_json, run, tmp_path, monkeypatch) -> None:
    def fake(file, folder, *, progress):
        progress(1, 1)
        return (Path(folder) / file.name,)

    monkeypatch.setattr(import_module("visavis.datasets.fetch"), "fetch", fake)
    code, document = run_json("data", "fetch", "lfw", "--to", tmp_path)
    assert code == 0
    names = ["pairs.txt", "pairsDevTrain.txt", "pairsDevTest.txt", "lfw.tgz"]
    assert document["files"] == [str(tmp_path / name) for name in names]
    shown = run("data", "fetch", "lfw", "--to", tmp_path)
    assert "lfw.tgz" in shown.stdout
    assert "University of Massachusetts" in shown.stdout
