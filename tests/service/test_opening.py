"""From settings to services, and closed again."""

from importlib import import_module

import pytest

from visavis.errors import ConfigError
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.pipeline import Pipeline
from visavis.service.database import service_database_of
from visavis.service.opening import open_services
from visavis.settings import Settings
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo

RING = Keyring([bytes(range(32))])


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `build` makes from weights is made from fakes; says what was closed."""
    opening, closed = import_module("visavis.service.opening"), list[str]()

    class Watched(Gallery):
        def close(self) -> None:
            closed.append("gallery")
            super().close()

    monkeypatch.setattr(
        opening, "build_pipeline", lambda settings: Pipeline(FakeDetector(), FakeEmbedder())
    )
    monkeypatch.setattr(opening, "build_liveness", lambda settings: FakeLiveness(0.9))
    monkeypatch.setattr(opening, "build_gallery", lambda settings: Watched(settings.gallery, RING))
    monkeypatch.setattr(opening, "cards_of", lambda settings: ())
    return closed


def test_all_is_there_and_is_closed(settings: Settings, fakes: list[str]) -> None:
    services = open_services(settings)
    assert [info.name for info in services.gallery.collections()] == ["default"]
    assert service_database_of(settings.gallery).is_file()
    assert all(part.ok for part in services.readiness.check())
    services.close()
    assert fakes == ["gallery"]


def test_liveness_is_loaded_whatever_the_policy_says(settings: Settings, fakes: list[str]) -> None:
    services = open_services(settings)
    image = fake_photo("ada")
    [face] = services.pipeline.detector.detect(image)
    assert settings.liveness == "off"
    assert services.pipeline.liveness is not None
    assert services.liveness.check(image, face).score == 0.9
    services.close()


def test_what_was_opened_is_closed_when_the_rest_fails(
    settings: Settings, fakes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object) -> None:
        raise ConfigError("no")

    monkeypatch.setattr(import_module("visavis.service.opening"), "ServiceDatabase", refuse)
    with pytest.raises(ConfigError):
        open_services(settings)
    assert fakes == ["gallery"]
