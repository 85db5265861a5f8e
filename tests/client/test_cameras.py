"""Cameras, asked of the real service, and the pictures of one as they come."""

import asyncio
from collections.abc import Iterator
from itertools import islice

import pytest

from service.cameras.conftest import door as door
from service.cameras.conftest import services as services
from service.cameras.conftest import settings as settings
from service.cameras.conftest import until
from streams import Camera
from visavis.client import AsyncClient, Client, ServiceError
from visavis.client.previews import Parts
from visavis.service.state import Services

pytest.importorskip("scipy", reason="the video extra is not installed")


def test_the_life_of_a_camera(client: Client, door: Camera) -> None:
    source = f"http://user:secret@{door.place}/video"
    made = client.create_camera(
        "door", source, policy={"fpir": 0.001}, options={"cooldown": 3}, enabled=False
    )
    assert (made.name, made.source) == ("door", f"http://{door.place}/video")
    assert (made.policy, made.options["cooldown"]) == ({"fpir": 0.001}, 3)
    assert (made.enabled, made.fixed, made.status.state) == (False, False, "stopped")
    assert client.start_camera(made.id).enabled
    until(lambda: client.camera(made.id).status.frames > 0)
    assert client.update_camera(made.id, name="gate").policy == {"fpir": 0.001}
    assert [one.name for one in client.cameras()] == ["gate"]
    assert client.stop_camera(made.id).status.state == "stopped"
    client.delete_camera(made.id)
    with pytest.raises(ServiceError) as caught:
        client.camera(made.id)
    assert caught.value.code == "not_found"


def test_pictures_one_and_as_they_come_until_it_stops(
    client: Client, services: Services, door: Camera
) -> None:
    made = client.create_camera("door", f"http://{door.place}/")
    until(lambda: services.cameras.feed(made.id).number > 0)
    assert client.camera_frame(made.id).startswith(b"\xff\xd8")
    pictures = client.preview_camera(made.id)
    for picture in islice(pictures, 3):
        assert picture.startswith(b"\xff\xd8")
        assert picture.endswith(b"\xff\xd9")
    client.stop_camera(made.id)
    assert all(picture.startswith(b"\xff\xd8") for picture in pictures)
    with pytest.raises(ServiceError) as caught:
        next(client.preview_camera(made.id))
    assert caught.value.code == "not_found"


def test_a_preview_ends_with_the_key_and_with_its_reader(
    url: str, client: Client, services: Services, door: Camera
) -> None:
    made = client.create_camera("door", f"http://{door.place}/")
    until(lambda: services.cameras.feed(made.id).number > 0)
    admin = client.create_key("admin", ["admin"])
    with Client(url, admin.token) as owner:
        viewer = owner.create_key("viewer", ["identify"])
        with Client(url, viewer.token) as other:
            pictures = other.preview_camera(made.id)
            next(pictures)
            assert len(services.streams) == 1
            owner.revoke_key(viewer.key.id)
            assert all(picture.startswith(b"\xff\xd8") for picture in pictures)
        mine = owner.preview_camera(made.id)
        next(mine)
        assert isinstance(mine, Iterator)
        mine.close()  # type: ignore[attr-defined]
        until(lambda: len(services.streams) == 0)


def test_the_asynchronous_client_has_them_too(
    url: str, client: Client, services: Services, door: Camera
) -> None:
    made = client.create_camera("door", f"http://{door.place}/")
    until(lambda: services.cameras.feed(made.id).number > 0)

    async def first() -> bytes:
        async with AsyncClient(url) as found:
            async for picture in found.preview_camera(made.id):
                return picture
        return b""

    assert asyncio.run(first()).startswith(b"\xff\xd8")


def test_parts_are_cut_wherever_the_pieces_end() -> None:
    whole = b"".join(
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(p), p)
        for p in (b"one", b"", b"a\r\n\r\nb")
    )
    for size in range(1, len(whole)):
        parts = Parts()
        pieces = (whole[at : at + size] for at in range(0, len(whole), size))
        assert [p for piece in pieces for p in parts.feed(piece)] == [b"one", b"", b"a\r\n\r\nb"]
    with pytest.raises(ValueError, match="length"):
        list(Parts().feed(b"--frame\r\n\r\n"))
