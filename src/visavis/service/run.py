"""Runs the service: checks the address, warms the models up, and hands over to uvicorn."""

import asyncio
import logging
import socket
from collections.abc import Callable

import numpy as np
import uvicorn

from visavis.errors import ConfigError
from visavis.image import ARCFACE
from visavis.service.app import create_app
from visavis.service.logs import configure
from visavis.service.malformed import Protocol
from visavis.service.opening import open_services
from visavis.service.state import Services
from visavis.service.stopping import cleaning_up
from visavis.service.streaming import Streams
from visavis.serving import ServiceSettings
from visavis.settings import Settings
from visavis.types import Face

logger = logging.getLogger("visavis.service")


class Server(uvicorn.Server):
    """Has answers that would go on for ever end as soon as it is told to stop."""

    def __init__(self, config: uvicorn.Config, streams: Streams) -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams.end()
        await super().shutdown(sockets)


def serve(settings: Settings, ready: Callable[[str], None] | None = None) -> None:
    """Serves until it is told to stop; `ready` is told the address once all is loaded.

    Raises ConfigError for an address that others can reach while there is no API key.
    """
    configure(settings.service.log_format, settings.service.log_level)
    services = open_services(settings)
    try:
        check_address(services)
        warm_up(services)
        server = Server(_config(services), services.streams)
        if ready is not None:
            ready(address(settings.service))
        with cleaning_up():
            asyncio.run(server.serve())
    finally:
        services.close()


def check_address(services: Services) -> None:
    """Raises ConfigError where strangers could call: the network or a proxy, and no key."""
    of = services.limits
    if of.public and not services.keys.any_active():
        raise ConfigError(
            f"expected an API key before others can reach {of.host}: make one with "
            "`visavis apikeys create NAME --scope identify`, or serve on 127.0.0.1 without proxy"
        )
    if of.exposed and of.tls_cert is None and not of.proxies:
        logger.warning("keys and faces travel in the clear: set tls_cert and tls_key, or a proxy")


def warm_up(services: Services) -> None:
    """Runs every model once, so that the first request is not the slow one."""
    image = np.full((480, 640, 3), 128, np.uint8)
    corner = np.array([250.0, 170.0], np.float32)
    box = np.concatenate([corner, corner + 140]).astype(np.float32)
    face = Face(box, ARCFACE + corner, 1.0)
    pipeline = services.pipeline
    pipeline.detector.detect(image)
    pipeline.embedder.embed(image, [face])
    services.liveness.check(image, face, services.policy.live)


def address(settings: ServiceSettings) -> str:
    """Where people reach it, as a URL."""
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{settings.port}"


def _config(services: Services) -> uvicorn.Config:
    of = services.limits
    return uvicorn.Config(
        create_app(services),
        host=of.host,
        port=of.port,
        http=Protocol,
        log_config=None,
        log_level=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=bool(of.proxies),
        forwarded_allow_ips=of.proxies or None,
        limit_concurrency=of.connections,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=int(of.drain_seconds) or 1,
        ws_max_size=services.settings.max_bytes,
        ws_per_message_deflate=False,
        ssl_certfile=str(of.tls_cert) if of.tls_cert else None,
        ssl_keyfile=str(of.tls_key) if of.tls_key else None,
    )
