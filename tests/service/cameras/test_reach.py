"""Where cameras may be, and where not, whatever a name says later."""

import pytest

from visavis.errors import ConfigError
from visavis.service.cameras.reach import Reach
from visavis.service.cameras.values import HostNotAllowed
from visavis.video.address import Address


def names(**known: list[str]) -> Reach:
    """Allows 10.0.0.0/8, fd00::/8 and the name `trusted`; other names stand for what is given."""

    def resolve(host: str) -> list[str]:
        if host not in known:
            raise OSError("no such host")
        return known[host]

    return Reach(["10.0.0.0/8", "fd00::/8", "Trusted"], resolve=resolve)


@pytest.mark.parametrize(
    "url", ["rtsp://10.1.2.3/a", "http://[fd00::1]:81/a", "rtsp://[::ffff:10.1.2.3]/a"]
)
def test_an_address_within_a_network_is_taken_as_it_is(url: str) -> None:
    address = Address.parse(url)
    assert names().checked(address) == address


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://127.0.0.1/a",
        "http://169.254.169.254/latest",
        "http://[::1]/a",
        "http://unknown/a",
        "rtsp://outside/a",
        "http://both/a",
        "rtsps://outside/a",
        "https://outside/a",
    ],
)
def test_any_other_is_refused(url: str) -> None:
    reach = names(outside=["192.0.2.1"], both=["10.0.0.1", "127.0.0.1"])
    with pytest.raises(HostNotAllowed):
        reach.checked(Address.parse(url))


def test_a_name_is_checked_once_and_its_address_connected_to() -> None:
    reach = names(cam=["10.0.0.7"], six=["fd00::7"])
    found = reach.checked(Address.parse("rtsp://user:pw@cam:554/a?b=c"))
    assert found.url == "rtsp://user:pw@10.0.0.7:554/a?b=c"
    assert found.shown == "rtsp://cam:554/a?…"
    assert reach.checked(Address.parse("http://six/a")).place == "http://[fd00::7]/a"


def test_behind_a_certificate_the_name_stays_unless_it_is_not_checked() -> None:
    reach = names(cam=["10.0.0.7"])
    address = Address.parse("https://cam/a")
    assert reach.checked(address).place == "https://cam/a"
    assert reach.checked(address, verify=False).place == "https://10.0.0.7/a"


def test_a_name_that_is_listed_is_trusted() -> None:
    address = Address.parse("rtsp://trusted/a")
    assert names().checked(address) == address


def test_nothing_is_looked_up_and_nothing_allowed_where_no_host_is_named() -> None:
    def resolve(host: str) -> list[str]:
        raise AssertionError("looked up")

    with pytest.raises(HostNotAllowed):
        Reach([], resolve=resolve).checked(Address.parse("rtsp://cam/a"))


def test_webcams_only_where_they_are_allowed_and_files_never(tmp_path: object) -> None:
    webcam = Address.parse("0")
    with pytest.raises(HostNotAllowed):
        Reach(["0.0.0.0/0"]).checked(webcam)
    assert Reach([], webcams=True).checked(webcam) == webcam
    for text in ("/etc/passwd", str(tmp_path)):
        with pytest.raises(HostNotAllowed):
            Reach(["0.0.0.0/0"], webcams=True).checked(Address.parse(text))


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError):
        Reach(["10.0.0.0/99"])
