"""Which addresses cameras may be at: nobody can have the service call whom they like."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import urlsplit

from visavis.errors import ConfigError
from visavis.service.cameras.values import HostNotAllowed
from visavis.video.address import Address

Ip: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str], Sequence[str]]
"""All addresses of a name; raises OSError."""


def resolved(host: str) -> list[str]:
    """The addresses that this machine finds for a name."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class Reach:
    """The hosts that the settings name: names as they are, and addresses by their networks.

    Files and folders are never within it. A name that is listed is trusted, whatever it stands
    for; another one is looked up, and all its addresses must be within a network.
    """

    def __init__(
        self, hosts: Sequence[str], webcams: bool = False, resolve: Resolve = resolved
    ) -> None:
        """Raises ConfigError for a network that is none."""
        self._webcams = webcams
        self._resolve = resolve
        self._names: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for host in hosts:
            self._take(host)

    def checked(self, address: Address, *, verify: bool = True) -> Address:
        """The address to connect to. Raises HostNotAllowed.

        Where a name counts by its addresses, that is the first of these, so that the name cannot
        come to stand for another one meanwhile. Behind `https` the name stays: the certificate
        that is asked for (`verify`) is of no other host.
        """
        match address.kind:
            case "webcam":
                if not self._webcams:
                    raise HostNotAllowed("the settings allow no webcams: see service.webcams")
                return address
            case "rtsp" | "http":
                return self._of_host(address, verify)
            case _:
                raise HostNotAllowed("expected rtsp, rtsps, http or https, got a file or a folder")

    def _of_host(self, address: Address, verify: bool) -> Address:
        parts = urlsplit(address.place)
        host = (parts.hostname or "").rstrip(".")
        if host in self._names:
            return address
        literal = _ip(host)
        found = [literal] if literal is not None else self._addresses(host)
        if not found or not all(self._within(one) for one in found):
            raise HostNotAllowed(
                f"the settings allow no camera at {host}: see service.camera_hosts"
            )
        if literal is not None or (parts.scheme == "https" and verify):
            return address
        first = f"[{found[0]}]" if found[0].version == 6 else str(found[0])
        netloc = first if parts.port is None else f"{first}:{parts.port}"
        return replace(address, place=parts._replace(netloc=netloc).geturl())

    def _take(self, host: str) -> None:
        try:
            self._networks.append(ip_network(host, strict=False))
        except ValueError:
            if "/" in host or not host.strip():
                raise ConfigError(f"expected a host or a network, got {host!r}") from None
            self._names.add(host.strip().lower().rstrip("."))

    def _addresses(self, host: str) -> list[Ip]:
        if not self._networks:
            return []
        try:
            found = self._resolve(host)
        except (OSError, UnicodeError):
            raise HostNotAllowed(f"the name {host} stands for no address") from None
        return [one for one in map(_ip, found) if one is not None]

    def _within(self, found: Ip) -> bool:
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self._networks)


def _ip(text: str) -> Ip | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
