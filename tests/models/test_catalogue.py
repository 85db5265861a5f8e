from dataclasses import FrozenInstanceError, replace

import pytest

from visavis.errors import ConfigError
from visavis.models.catalogue import CATALOGUE, NON_COMMERCIAL, card


def test_ids_and_digests_are_unique() -> None:
    assert len({entry.id for entry in CATALOGUE}) == len(CATALOGUE)
    assert len({entry.sha256 for entry in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_a_card_says_where_it_comes_from_and_what_it_learnt_from(entry) -> None:
    assert all((entry.source, entry.description, entry.limits, entry.licence))
    assert len(entry.training_data) > 0
    assert all(data.name and data.terms for data in entry.training_data)
    assert all(url.startswith("https://") for url in entry.urls)


@pytest.mark.parametrize("task", ["detect", "embed"])
def test_the_default_needs_no_network_and_no_acceptance(task: str) -> None:
    default = next(entry for entry in CATALOGUE if entry.task == task)
    assert default.wheel is not None
    assert default.licence != NON_COMMERCIAL


def test_card_finds_by_id() -> None:
    assert card("sface-2021dec").dim == 128


def test_an_unknown_id_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'sface'.*yunet-2023mar.*sface-2021dec"):
        card("sface")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sha256": "ABC"}, "64 hex digits, got 'ABC'"),
        ({"file": "../evil.onnx"}, "bare name"),
        ({"bytes": 0}, "1 or more, got 0"),
        ({"dim": None}, "size and dim"),
        ({"size": None}, "size and dim"),
        ({"std": (1.0, 0.0, 1.0)}, "zero"),
    ],
)
def test_a_card_is_checked_at_construction(change, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(card("mobilefacenet"), **change)


def test_a_card_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        card("mobilefacenet").licence = "MIT"
