"""Cameras as values, and what goes wrong with them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self, TypeAlias

from visavis.errors import InputError, VisavisError
from visavis.serving import CameraOptions, CameraSettings
from visavis.video.address import Address
from visavis.video.monitor import MonitorStatus
from visavis.video.reader import State as ReaderState

State: TypeAlias = ReaderState | Literal["stopped"]

ID_BYTES: Final = 12
_START: Final = datetime.fromtimestamp(0, UTC)


class HostNotAllowed(InputError):
    """Raised for a camera at an address that the settings do not name."""

    code = "host_not_allowed"


class DuplicateCamera(InputError):
    """Raised for the name of another camera."""

    code = "duplicate_camera"


class FixedCamera(InputError):
    """Raised for a change to a camera of the configuration file."""

    code = "fixed_camera"


class TooManyCameras(VisavisError):
    """Raised where as many cameras as may be are watched already."""

    code = "too_many_cameras"


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera, watched or not. `asked` is what its decisions are made by, as of a request's query;
    `enabled`: it is started with the service; `fixed`: it is of the configuration file.
    """

    id: str
    name: str
    collection: str
    source: str = field(repr=False)
    options: CameraOptions = field(default_factory=CameraOptions)
    asked: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    fixed: bool = False
    created_at: datetime = _START

    @classmethod
    def configured(cls, found: CameraSettings, collection: str) -> Self:
        """One of the configuration file; `collection` is where it names none. Its id is made of
        its name.
        """
        fields = {name: getattr(found, name) for name in CameraOptions.model_fields}
        return cls(
            id=hashlib.sha256(b"visavis/camera/" + found.name.encode()).hexdigest()[: 2 * ID_BYTES],
            name=found.name,
            collection=found.collection or collection,
            source=found.source.get_secret_value(),
            options=CameraOptions(**fields),
            enabled=found.enabled,
            fixed=True,
        )

    @property
    def address(self) -> Address:
        """Where it is. Raises BadStream."""
        return Address.parse(self.source)


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How it goes: `state`, and what its monitor says, None while it is stopped. `error` is the
    code of the last thing that went wrong.
    """

    state: State
    monitor: MonitorStatus | None = None
    error: str | None = None
