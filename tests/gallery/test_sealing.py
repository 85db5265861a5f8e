from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from visavis.errors import InputError, TamperedTemplate
from visavis.gallery.sealing import (
    BLOCK,
    Profile,
    Seals,
    pack_crop,
    stamp,
    template_id,
    unpack_crop,
    unpack_templates,
)
from visavis.gallery.vault import DataKey

KEY, OTHER = DataKey(bytes(32)), DataKey(bytes([1]) * 32)
SEALS = Seals("c" * 32, OTHER)
FULL = Profile("ada", "Ada\nL\ud800", {"k": "v\u2028"}, "form", ("o1", "o2"))


@pytest.mark.parametrize("profile", [Profile("a"), FULL, Profile("\u00e9" * 256, "x" * 5000)])
def test_profiles_come_back_and_hide_their_length(profile: Profile) -> None:
    packed = profile.pack()
    assert len(packed) % BLOCK == 0
    assert Profile.unpack(packed) == profile
    sealed = SEALS.seal_profile(KEY, "o", profile)
    assert SEALS.open_profile(KEY, "o", sealed) == profile
    assert SEALS.open_id(KEY, "o", sealed) == profile.id


def test_a_seal_opens_only_in_its_place() -> None:
    vector = np.ones(4, np.float32)
    template = SEALS.seal_template(KEY, "o", 7, "m", vector, 0.1)
    assert SEALS.open_template(KEY, "o", 7, "m", template)
    elsewhere = Seals("d" * 32, OTHER)
    for attempt in (
        lambda: SEALS.open_template(KEY, "p", 7, "m", template),
        lambda: SEALS.open_template(KEY, "o", 8, "m", template),
        lambda: SEALS.open_template(KEY, "o", 7, "n", template),
        lambda: SEALS.open_template(OTHER, "o", 7, "m", template),
        lambda: elsewhere.open_template(KEY, "o", 7, "m", template),
        lambda: SEALS.open_crop(KEY, "o", 7, template),
        lambda: SEALS.open_profile(KEY, "o", template),
    ):
        with pytest.raises(TamperedTemplate):
            attempt()


def test_templates_keep_vector_and_quality_exactly() -> None:
    vectors = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)
    qualities = [0.1, 1 / 3, 1.0]
    packed = [
        SEALS.open_template(
            KEY, "o", i, "m", SEALS.seal_template(KEY, "o", i, "m", vectors[i], qualities[i])
        )
        for i in range(3)
    ]
    found, scores = unpack_templates(packed, 5)
    np.testing.assert_array_equal(found, vectors)
    assert scores.tolist() == qualities
    assert unpack_templates([], 5)[0].shape == (0, 5)
    with pytest.raises(TamperedTemplate, match="5 dimensions"):
        unpack_templates([packed[0], packed[1][:-4]], 5)


def test_crops_are_exact() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (7, 5, 3), np.uint8)
    np.testing.assert_array_equal(unpack_crop(pack_crop(crop)), crop)
    for bad in (crop[..., 0], crop[..., :2], crop.astype(np.float32)):
        with pytest.raises(InputError):
            pack_crop(bad)


def test_times_are_utc_and_sort_as_text() -> None:
    early = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    late = datetime(2026, 1, 1, 10, 0, 0, 1, tzinfo=UTC)
    assert stamp(early) == "2026-01-01T10:00:00.000000+00:00"
    assert stamp(early) < stamp(late)


def test_template_ids_are_sixteen_digits() -> None:
    assert template_id(255) == "00000000000000ff"
