"""From settings to the cameras of a service."""

from collections.abc import Callable
from typing import Final

from visavis.image import ImageLimits
from visavis.policy import Policy
from visavis.recognizer import Recognizer
from visavis.service.auth import Caller
from visavis.service.cameras.cameras import Cameras
from visavis.service.cameras.reach import Reach
from visavis.service.cameras.station import Kit, Station, needed
from visavis.service.cameras.store import CameraStore
from visavis.service.cameras.values import Camera
from visavis.service.database import ServiceDatabase
from visavis.service.limited import BestFaces
from visavis.service.metrics import Metrics
from visavis.service.schemas.policy import PolicyQuery
from visavis.service.timed import Stages
from visavis.settings import Settings
from visavis.video.address import Address
from visavis.video.source import SourceOptions
from visavis.video.sources import open_source
from visavis.video.watch import Eyes

_BUDGET: Final = 0.8
"""Of the time of the workers, which the cameras at work share."""
_LEAST: Final = 0.1


class Stations:
    """Makes the station of a camera. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        recognizer: Callable[[str], Recognizer],
        eyes: Eyes | None,
        metrics: Metrics,
        stages: Stages,
        reach: Reach | None = None,
    ) -> None:
        """Raises ConfigError for hosts of the settings that are none."""
        of = settings.service
        self._settings = settings
        self._recognizer = recognizer
        self._eyes = eyes
        self._metrics = metrics
        self._stages = stages
        self._reach = reach or Reach(of.camera_hosts, of.webcams)

    def check(self, camera: Camera) -> None:
        """Raises BadStream, HostNotAllowed, InputError for a rate that may not be, UnknownSubject
        where there is no such collection, MissingExtra where no camera can be watched.
        """
        self._place(camera)
        self._policy(camera)
        self._recognizer(camera.collection)
        needed(self._eyes)

    def build(self, camera: Camera, running: int) -> Station:
        """The station of a camera, as one of so many at work. Raises what `check` raises."""
        of = self._settings.service
        eyes = needed(self._eyes)
        kit = Kit(
            Eyes(BestFaces(eyes.finder, of.max_faces), eyes.again), self._metrics, self._stages
        )
        source = open_source(self._place(camera), self._options(camera))
        budget = max(_BUDGET * of.camera_workers / running, _LEAST)
        return Station(
            camera,
            source,
            self._recognizer(camera.collection),
            self._policy(camera),
            kit,
            budget=min(budget, _BUDGET),
        )

    def _place(self, camera: Camera) -> Address:
        """Where to connect to: of a camera of the configuration file, whatever stands there."""
        if camera.fixed:
            return camera.address
        return self._reach.checked(camera.address, verify=camera.options.verify)

    def _options(self, camera: Camera) -> SourceOptions:
        limits = ImageLimits(self._settings.max_bytes, self._settings.max_pixels)
        of = camera.options
        return SourceOptions(transport=of.transport, verify=of.verify, limits=limits)

    def _policy(self, camera: Camera) -> Policy:
        asked = PolicyQuery(**camera.asked)
        return asked.applied(self._settings.policy, self._settings.service, Caller.open())


def open_cameras(
    settings: Settings, database: ServiceDatabase, key: bytes, stations: Stations
) -> Cameras:
    """The cameras that are stored, under a key of 32 bytes, and those of the settings."""
    of = settings.service
    return Cameras(
        CameraStore(database, key),
        stations.build,
        check=stations.check,
        fixed=[Camera.configured(found, settings.collection) for found in of.cameras],
        most=of.most_cameras,
        workers=of.camera_workers,
    )
