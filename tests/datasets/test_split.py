import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.datasets.records import BONA_FIDE, Dataset, PadSet, Picture, Presentation
from visavis.datasets.split import PARTS, Split
from visavis.errors import InputError

PEOPLE = [f"person {i}" for i in range(1000)]


def test_shares_are_parsed_and_checked() -> None:
    assert Split.parse("80/10/10", 3) == Split(80, 10, 10, 3)
    assert Split.parse("0.5/0/0.5") == Split(0.5, 0, 0.5)
    for text in ("80/20", "80-10-10", "a/b/c", "-1/1/1", "0/0/0"):
        with pytest.raises(InputError, match="80/10/10"):
            Split.parse(text)


def test_shares_come_out_by_hash_within_chance() -> None:
    """Binomial: the standard deviation of the share of 1,000 people at 0.8 is 0.013."""
    parts = [Split().part(name) for name in PEOPLE]
    assert parts.count("train") == pytest.approx(800, abs=50)
    assert parts.count("val") == pytest.approx(100, abs=40)


def test_a_person_s_part_does_not_change() -> None:
    """Worked out apart: the first 12 hexadecimal digits of SHA-256, as a share of 16^12."""
    for name in PEOPLE[:50]:
        place = int(hashlib.sha256(f"7\n{name}".encode()).hexdigest()[:12], 16) / 16**12
        expected = "train" if place < 0.5 else "val" if place < 0.75 else "test"
        assert Split(50, 25, 25, seed=7).part(name) == expected


def test_another_seed_deals_differently() -> None:
    assert [Split(seed=1).part(n) for n in PEOPLE] != [Split(seed=2).part(n) for n in PEOPLE]


@given(st.sets(st.text(min_size=1), min_size=1, max_size=60), st.integers(0, 5))
def test_exact_counts_are_met_to_one_person(names: set[str], seed: int) -> None:
    split = Split(60, 20, 20, seed)
    dealt = split.exact(names)
    assert set(dealt) == names
    for part, share in zip(PARTS, (0.6, 0.2, 0.2), strict=True):
        assert abs(list(dealt.values()).count(part) - share * len(names)) <= 1


def test_parts_share_nobody_and_lose_nothing() -> None:
    pictures = tuple(Picture(Path(f"{n}/{i}"), f"{n}/{i}", n) for n in PEOPLE[:60] for i in (1, 2))
    dataset = Dataset("faces", Path(), pictures)
    for exact in (False, True):
        parts = [Split(60, 20, 20).dataset(dataset, part, exact=exact) for part in PARTS]
        assert sum(len(part) for part in parts) == len(dataset)
        people = [set(part.identities) for part in parts]
        assert not people[0] & people[1] | people[0] & people[2] | people[1] & people[2]
    assert parts[0].name == "faces, train"
    assert len(parts[0].identities) == 36


def test_nameless_pictures_are_dealt_out_one_by_one() -> None:
    pictures = tuple(Picture(Path(n), n) for n in PEOPLE[:100])
    part = Split(50, 25, 25).dataset(Dataset("faces", Path(), pictures), "train", exact=True)
    assert len(part) == 50


def test_attack_sets_are_split_by_subject() -> None:
    shown = tuple(
        Presentation(Picture(Path(name), name), species, subject)
        for subject in PEOPLE[:10]
        for species in (BONA_FIDE, "print")
        for name in (f"{subject}/{species}",)
    )
    pad = PadSet(Dataset("pad", Path(), tuple(p.picture for p in shown)), shown)
    parts = [Split(60, 20, 20).pad(pad, part, exact=True) for part in PARTS]
    subjects = [{p.subject for p in part.presentations} for part in parts]
    assert [len(s) for s in subjects] == [6, 2, 2]
    assert len(set.union(*subjects)) == 10
    assert all(len(p.presentations) == 2 * len(s) for p, s in zip(parts, subjects, strict=True))
