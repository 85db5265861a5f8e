"""How the service is run: addresses, limits, what a caller may loosen."""

import os
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

KIND = Literal["entered", "identified", "unknown", "spoof_suspected", "left"]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class CameraOptions(BaseModel):
    """How a camera is read, and when somebody before it is told of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    transport: Literal["tcp", "udp"] = "tcp"
    """RTSP's."""
    verify: bool = True
    """Whether the certificate of an https camera is checked."""
    keep_shots: bool = False
    """Whether the best picture of whoever was seen is kept, sealed."""
    confirm_frames: int = Field(default=3, ge=1, le=1000)
    """Frames that must agree before anything is told."""
    absence_timeout: float = Field(default=5.0, gt=0, le=3600)
    """Seconds without being seen, after which somebody has left."""
    cooldown: float = Field(default=0.0, ge=0, le=86400)
    """Seconds after that in which coming back is not told."""
    emit_unknown: bool = True
    """Whether strangers are told of."""


class CameraSettings(CameraOptions):
    """A table `[[service.cameras]]` of config.toml."""

    name: str = Field(min_length=1, max_length=200)
    source: SecretStr
    """Whatever `visavis watch` takes; user and password stand before an `@`."""
    collection: str | None = None
    """The service's own by default."""
    enabled: bool = True


class WebhookSettings(BaseModel):
    """A table `[[service.webhooks]]` of config.toml: who is told of sightings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Under which it is known how far it is: with another name it begins anew."""
    url: SecretStr
    """Of http or https; it may hold a user and a password."""
    secret: SecretStr = Field(min_length=16, max_length=1000)
    """By which each event is signed."""
    collections: tuple[str, ...] = ()
    """Whose sightings it is told of; none is the service's own."""
    kinds: tuple[KIND, ...] = ()
    """Of which events it is told; none is all."""

    @field_validator("url")
    @classmethod
    def _address(cls, url: SecretStr) -> SecretStr:
        text = url.get_secret_value()
        try:
            parts = urlsplit(text)
            good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # of brackets or the port
            good = False
        if not good or not (text.isascii() and text.isprintable()) or " " in text:
            raise ValueError("expected an address of http or https")
        return url


class ServiceSettings(BaseModel):
    """The table `[service]` of config.toml; VISAVIS_SERVICE__PORT and so on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8600, ge=0, le=65535)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    """PEM files; the service then speaks HTTPS alone."""
    proxies: str = ""
    """Addresses of reverse proxies whose X-Forwarded-For and -Proto are believed, by commas."""
    hosts: tuple[str, ...] = ()
    """Names under which it may be called; none is any name, and on loopback its own alone."""
    cors_origins: tuple[str, ...] = ()
    """Web pages of other origins that may call; none by default."""
    ui: bool = True
    """Whether the web pages are at /ui, where the extra `ui` is installed."""

    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Threads that work on pictures."""
    waiting: int = Field(default=64, ge=0)
    """Calls that may wait for a worker; more get 429."""
    longest_wait: float = Field(default=2.0, gt=0)
    """Seconds that a call may wait for a worker; those that would wait longer get 429."""
    connections: int = Field(default=512, ge=1)
    max_request: int = Field(default=64 * 2**20, gt=0)
    """Bytes of a request."""
    max_images: int = Field(default=64, ge=1)
    """Pictures in a request."""
    max_faces: int = Field(default=200, ge=1)
    """Faces in a picture; more are refused."""
    body_seconds: float = Field(default=30.0, gt=0)
    """Time that a client has to send a request."""
    request_seconds: float = Field(default=60.0, gt=0)
    """Time that a request may take."""
    drain_seconds: float = Field(default=20.0, ge=0)
    """Time that running requests get when the service stops."""

    rate: float = Field(default=0.0, ge=0)
    """Requests a second for each key; 0 is without limit."""
    burst: int = Field(default=100, ge=1)
    loosest_fmr: float = Field(default=1e-2, gt=0, lt=1)
    """The highest false-match rate that a request may ask for."""
    loosest_fpir: float = Field(default=0.1, gt=0, lt=1)
    live_sessions: int = Field(default=16, ge=0)
    """Live streams and challenges at a time."""
    streams: int = Field(default=32, ge=0)
    """Answers that go on for as long as they are read, at a time: sightings, previews."""

    webhooks: tuple[WebhookSettings, ...] = ()
    """Who is told of sightings."""
    sightings_days: int = Field(default=30, ge=1, le=3650)
    """After so long without being seen, a sighting is deleted: time to look into what happened, and
    for a webhook that is down; fewer are better."""

    cameras: tuple[CameraSettings, ...] = ()
    """Cameras that the service watches from its start, whatever their addresses."""
    most_cameras: int = Field(default=8, ge=0)
    """Cameras watched at a time."""
    camera_workers: int = Field(default=1, ge=1)
    """Threads that look at their frames."""
    camera_hosts: tuple[str, ...] = ()
    """Names, addresses and networks at which cameras added by calls may be; by default none may be
    added. A name that is not listed counts by the addresses that it has."""
    webcams: bool = False
    """Whether calls may add the webcams of this machine, by number."""

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("expected both tls_cert and tls_key, or neither")
        if self.burst < self.max_images:  # each picture of a batch counts
            raise ValueError(f"expected a burst of max_images or more, got {self.burst}")
        hooks = [hook.name for hook in self.webhooks]
        if len(set(hooks)) < len(hooks):
            raise ValueError("expected webhooks of different names")
        names = [camera.name for camera in self.cameras]
        if len(set(names)) < len(names):
            raise ValueError("expected cameras of different names")
        return self

    @property
    def public(self) -> bool:
        """Whether others than this machine can reach it, through a proxy too."""
        return self.exposed or bool(self.proxies or self.hosts)

    @property
    def exposed(self) -> bool:
        """Whether it listens on the network itself."""
        return self.host not in LOOPBACK
