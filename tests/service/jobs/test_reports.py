"""What rows say of people is sealed, each in its place."""

import pytest

from visavis.errors import ConfigError, TamperedTemplate
from visavis.service.jobs.reports import Report, Seals
from visavis.service.jobs.values import Result


@pytest.fixture
def seals() -> Seals:
    return Seals(b"k" * 32)


def test_a_report_comes_back_in_its_place_alone(seals: Seals) -> None:
    results = (Result("enrolled", template="00ff"), Result("refused", "no_face", "found none"))
    report = Report("ada lovelace", ("1.jpg", "2.jpg"), results)
    sealed = seals.seal_report(report, "job", 3)
    assert seals.open_report(sealed, "job", 3) == report
    assert b"lovelace" not in sealed
    for job, number in (("job", 4), ("other", 3)):
        with pytest.raises(TamperedTemplate):
            seals.open_report(sealed, job, number)
    with pytest.raises(TamperedTemplate):
        Seals(b"x" * 32).open_report(sealed, "job", 3)


def test_a_key_comes_back_in_its_place_alone(seals: Seals) -> None:
    sealed = seals.seal_key(b"p" * 32, "job", 0)
    blob = seals.open_key(sealed, "job", 0).seal(b"photo", "id")
    assert seals.open_key(sealed, "job", 0).unseal(blob, "id") == b"photo"
    for broken in (b"", sealed[:-1]):
        with pytest.raises(TamperedTemplate):
            seals.open_key(broken, "job", 0)
    with pytest.raises(TamperedTemplate):
        seals.open_key(sealed, "job", 1)


def test_lookups_tell_subjects_apart_and_nothing_else(seals: Seals) -> None:
    assert seals.lookup("c", "ada") == seals.lookup("c", "ada")
    names = {seals.lookup(*pair) for pair in (("c", "ada"), ("d", "ada"), ("c", "ben"))}
    assert len(names | {Seals(b"x" * 32).lookup("c", "ada")}) == 4


def test_forgetting_leaves_outcomes_and_codes() -> None:
    results = (Result("refused", "no_face", "words", None), Result("enrolled", template="00ff"))
    left = Report("ada", ("a.jpg", "b.jpg"), results).forgotten()
    assert left == Report(None, (), (Result("refused", "no_face"), Result("enrolled")))
    assert [(i.number, i.subject, i.file) for i in left.items(7)] == [
        (7, None, None),
        (8, None, None),
    ]


def test_a_key_of_another_size_is_refused() -> None:
    with pytest.raises(ConfigError):
        Seals(b"short")
