"""People: listed, shown, renamed, forgotten with a receipt."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("gradio")

from visavis.client.subjects import enrol
from visavis.ui.paging import Place
from visavis.ui.photos import one_photo
from visavis.ui.session import Ask
from visavis.ui.tabs.people import forgotten, listed, renamed, shown

Photo = Callable[..., list[str]]
Run = Callable[..., Any]


@pytest.fixture
def staff(run: Run, photo: Photo) -> None:
    async def work(ask: Ask) -> None:
        for name in ("ada", "ben"):
            await ask(enrol(name, one_photo(photo(name)), name=f"<{name}>", consent_ref="form-1"))

    run(work)


@pytest.mark.usefixtures("staff")
def test_people_are_listed_and_found(run: Run) -> None:
    made, place = run(listed, "default", "", Place())
    assert made.count("data-id=") == 2
    assert "&lt;ada&gt;" in made
    assert (place.cursors, place.next) == ((None,), None)
    assert run(listed, "default", "BEN", Place())[0].count("data-id=") == 1


def test_nobody(run: Run) -> None:
    assert "Nobody is enrolled yet." in run(listed, "default", "", Place())[0]
    assert "who matches" in run(listed, "default", "zoe", Place())[0]


@pytest.mark.usefixtures("staff")
def test_a_person_is_shown(run: Run) -> None:
    made, ident = run(shown, "default", "ada")
    assert ident == "ada"
    assert all(word in made for word in ("&lt;ada&gt;", "form-1", "no end", "Template"))
    assert run(shown, "default", "zoe")[1] == ""


@pytest.mark.usefixtures("staff")
def test_a_person_gets_another_id(run: Run) -> None:
    made, ident = run(renamed, "default", "ada", " lovelace ")
    assert (ident, "lovelace" in made) == ("lovelace", True)
    assert run(renamed, "default", "lovelace", "ben")[1] == "lovelace"
    assert "new id first" in run(renamed, "default", "ben", " ")[0]


@pytest.mark.usefixtures("staff")
def test_forgetting_wants_the_id_typed(run: Run) -> None:
    made, left = run(forgotten, "default", "ada", "Ada")
    assert ("Nothing was done" in made, left) == (True, "ada")
    made, left = run(forgotten, "default", "ada", "ada")
    assert left == ""
    assert all(word in made for word in ("Forgotten", "Keys destroyed", "Pseudonym", "Beyond"))
    assert run(shown, "default", "ada")[1] == ""
    assert "Choose somebody" in run(forgotten, "default", "", "")[0]


def test_somebody_without_a_name_goes_by_the_id(run: Run, photo: Photo) -> None:
    async def work(ask: Ask) -> None:
        await ask(enrol("eve", one_photo(photo("eve"))))

    run(work)
    assert "no name" in run(listed, "default", "", Place())[0]
    assert "<h3>eve</h3>" in run(shown, "default", "eve")[0]
