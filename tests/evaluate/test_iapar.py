"""IAPAR and IAPMR, worked by hand."""

import numpy as np
import pytest

from visavis.datasets.records import BONA_FIDE
from visavis.errors import InputError
from visavis.evaluate.iapar import joint

NAN = float("nan")


def test_by_hand() -> None:
    # print: 1 passes both, 1 matches but is not live, 1 is live but no match, 1 gave no liveness
    # response though it matches -> IAPAR 1/3, IAPMR 3/4, no response 1/4
    # replay: 2 pass both -> IAPAR 2/2, the worst
    # bona fide: 1 accepted, 1 no match, 1 not live, 1 neither, 1 without a response -> 3/4 rejected
    rows = [
        ("print", 0.9, 0.9), ("print", 0.9, 0.1), ("print", 0.1, 0.9), ("print", 0.9, NAN),
        ("replay", 0.5, 0.5), ("replay", 0.9, 0.9),
        (BONA_FIDE, 0.9, 0.9), (BONA_FIDE, 0.1, 0.9), (BONA_FIDE, 0.9, 0.1),
        (BONA_FIDE, 0.1, 0.1), (BONA_FIDE, NAN, 0.9),
    ]  # fmt: skip
    species, match, live = zip(*rows, strict=True)
    found = joint(
        np.array(match, np.float32),
        np.array(live, np.float32),
        species,
        match_threshold=0.5,
        live_threshold=0.5,
    )
    prints, replay = found.attacks
    assert (prints.iapar.events, prints.iapar.trials) == (1, 3)
    assert (prints.iapmr.events, prints.iapmr.trials) == (3, 4)
    assert (prints.non_response.events, prints.non_response.trials) == (1, 4)
    assert (replay.iapar.events, replay.iapar.trials) == (2, 2)
    assert found.worst is replay
    counts = found.bona_fide
    assert (counts.accepted, counts.no_match, counts.not_live, counts.neither) == (1, 1, 1, 1)
    assert counts.no_response == 1
    assert (counts.rejected.events, counts.rejected.trials) == (3, 4)


def test_liveness_never_raises_acceptance(rng: np.random.Generator) -> None:
    match, live = rng.random((2, 200), np.float32)
    species = ["print", "replay"] * 100
    for threshold in (0.0, 0.3, 0.9):
        found = joint(match, live, species, match_threshold=0.4, live_threshold=threshold)
        assert all(a.iapar.value <= a.iapmr.value for a in found.attacks)
    free = joint(match, live, species, match_threshold=0.4, live_threshold=0.0)
    assert all(a.iapar.events == a.iapmr.events for a in free.attacks)


def test_a_silent_species_is_never_the_worst() -> None:
    scores = np.array([NAN, 0.1], np.float32)
    found = joint(scores, scores, ["mask", "print"], match_threshold=0.5, live_threshold=0.5)
    assert found.worst.species == "print"


def test_what_does_not_fit() -> None:
    one = np.zeros(1, np.float32)
    with pytest.raises(InputError, match="as many scores"):
        joint(one, one, ["print", "print"], match_threshold=0, live_threshold=0)
    with pytest.raises(InputError, match="attack"):
        joint(one, one, [BONA_FIDE], match_threshold=0, live_threshold=0)
