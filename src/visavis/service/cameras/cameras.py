"""The cameras of a service: which there are, and which are at work."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock
from typing import Final, TypeAlias

from visavis.errors import VisavisError
from visavis.service.cameras.feed import Feed
from visavis.service.cameras.station import Station
from visavis.service.cameras.store import CameraStore
from visavis.service.cameras.values import (
    Camera,
    CameraStatus,
    DuplicateCamera,
    FixedCamera,
    TooManyCameras,
)
from visavis.service.errors import NotHere
from visavis.service.logs import log
from visavis.video.rota import Rota

logger = logging.getLogger("visavis.service")

_LOOKED: Final = 60.0  # seconds in which looking again is not recorded

Build: TypeAlias = Callable[[Camera, int], Station]
"""Makes the station of a camera, as one of so many."""


class Cameras:
    """Thread-safe. Cameras are looked at in turn, by `workers` threads that begin with the first.

    Every method that takes an id raises NotHere where there is no such camera.
    """

    def __init__(
        self,
        store: CameraStore,
        build: Build,
        *,
        check: Callable[[Camera], object],
        fixed: Iterable[Camera] = (),
        most: int = 8,
        workers: int = 1,
    ) -> None:
        """`check` raises for a camera that may not be; `fixed` ones are those of the configuration
        file; `most` are at work at a time.
        """
        self._store = store
        self._check = check
        self._build = build
        self._fixed = {camera.id: camera for camera in fixed}
        self._most = most
        self._workers = workers
        self._changing = Lock()
        self._stations: dict[str, Station] = {}
        self._failed: dict[str, str] = {}
        self._seen: dict[tuple[str, str], float] = {}
        self._rota: Rota | None = None

    def start_all(self) -> None:
        """Starts all that are enabled; the log says of the others why they do not start."""
        for camera in self.list():
            if camera.enabled:
                try:
                    with self._changing:
                        self._start(camera)
                except VisavisError as error:
                    code = error.code
                    log(logger, logging.ERROR, "camera not started", camera=camera.name, error=code)

    def stop_all(self) -> None:
        """Ends all that are at work; they stay enabled."""
        with self._changing:
            stations = list(self._stations.values())
            self._stations = {}
            if self._rota is not None:
                self._rota.close()
            self._rota = None
            if stations:
                with ThreadPoolExecutor(len(stations)) as pool:
                    list(pool.map(Station.close, stations))

    def list(self) -> list[Camera]:
        """Every camera: those of the configuration file, then the others, the oldest first."""
        return [*self._fixed.values(), *self._store.all()]

    def get(self, ident: str) -> Camera:
        return self._fixed.get(ident) or self._store.get(ident)

    def add(self, camera: Camera) -> None:
        """Takes a camera in, and starts it where it is enabled: then it is only taken in if it
        starts. Raises DuplicateCamera, TooManyCameras, and what `check` and `build` raise.
        """
        with self._changing:
            self._check_name(camera)
            self._check(camera)
            self._store.add(camera)
            if camera.enabled:
                try:
                    self._start(camera)
                except BaseException:
                    self._store.delete(camera.id)
                    raise

    def change(self, camera: Camera) -> None:
        """Stores a camera anew, and starts it again where it is at work.

        Raises FixedCamera, DuplicateCamera, and what `check` and `build` raise.
        """
        with self._changing:
            self._check_own(camera.id)
            self._check_name(camera)
            self._check(camera)
            self._store.change(camera)
            if camera.id in self._stations:
                self._stop(camera.id)
                self._start(camera)

    def delete(self, ident: str) -> Camera:
        """Stops a camera and forgets it; its sightings stay. Raises FixedCamera."""
        with self._changing:
            self._check_own(ident)
            found = self._store.get(ident)
            self._stop(ident)
            self._store.delete(ident)
            return found

    def start(self, ident: str) -> Camera:
        """Starts a camera, also with the service from then on; one that has ended, again.

        Raises TooManyCameras, and what `build` raises.
        """
        with self._changing:
            found = self._enabled(ident, True)
            station = self._stations.get(ident)
            if station is None or station.over:
                self._stop(ident)
                self._start(found)
            return found

    def stop(self, ident: str) -> Camera:
        """Stops a camera, which does not start with the service from then on, if it is not of the
        configuration file.
        """
        with self._changing:
            found = self._enabled(ident, False)
            self._stop(ident)
            return found

    def status(self, ident: str) -> CameraStatus:
        """How a camera is; nothing is asked of the store."""
        station = self._stations.get(ident)
        if station is not None:
            return station.status()
        failed = self._failed.get(ident)
        return CameraStatus("stopped" if failed is None else "failed", error=failed)

    def statuses(self) -> Mapping[str, CameraStatus]:
        """Of all that are at work, by their names."""
        return {one.camera.name: one.status() for one in tuple(self._stations.values())}

    def looked(self, ident: str, key: str) -> bool:
        """Whether it is to be recorded that the holder of a key looks at a camera: not more than
        once in a while. Called on one thread.
        """
        now = time.monotonic()
        self._seen = {who: at for who, at in self._seen.items() if now - at < _LOOKED}
        due = (ident, key) not in self._seen
        if due:
            self._seen[ident, key] = now
        return due

    def feed(self, ident: str) -> Feed:
        """The pictures of a camera. Raises NotHere where it is not at work."""
        station = self._stations.get(ident)
        if station is None or station.feed.ended:
            raise NotHere("the camera is not at work")
        return station.feed

    def _start(self, camera: Camera) -> None:
        if len(self._stations) >= self._most:
            raise TooManyCameras(f"expected at most {self._most} cameras at work, got one more")
        try:
            station = self._build(camera, len(self._stations) + 1)
        except VisavisError as error:
            self._failed[camera.id] = error.code
            raise
        self._failed.pop(camera.id, None)
        self._stations = {**self._stations, camera.id: station}
        if self._rota is None:
            self._rota = Rota(self._workers)
        self._rota.add(station)

    def _stop(self, ident: str) -> None:
        self._failed.pop(ident, None)
        station = self._stations.get(ident)
        if station is None:
            return
        self._stations = {key: one for key, one in self._stations.items() if key != ident}
        assert self._rota is not None  # there since the first one started
        self._rota.remove(station)
        station.close()

    def _enabled(self, ident: str, enabled: bool) -> Camera:
        """The camera, noted as one that starts with the service or not."""
        if ident in self._fixed:
            return self._fixed[ident]
        found = replace(self._store.get(ident), enabled=enabled)
        self._store.change(found)
        return found

    def _check_own(self, ident: str) -> None:
        if ident in self._fixed:
            raise FixedCamera("this camera is of the configuration file: change it there")

    def _check_name(self, camera: Camera) -> None:
        if any(one.name == camera.name for one in self._fixed.values()):
            raise DuplicateCamera(f"the name {camera.name!r} is taken")
