"""API keys, asked of the real service."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from visavis.client import Client, ServiceError

Png = Callable[..., bytes]
FUTURE = datetime(2190, 1, 1, tzinfo=UTC)


def test_the_life_of_a_key(url: str, client: Client, png: Png) -> None:
    assert client.own_key().id == ""
    admin = client.create_key("admin", ["admin"])
    assert admin.key.scopes == ("admin",)
    assert admin.token not in repr(admin)
    with pytest.raises(ServiceError) as caught:
        client.own_key()
    assert (caught.value.code, caught.value.status) == ("unauthorized", 401)

    with Client(url, admin.token) as owner:
        door = owner.create_key("door", ["detect"], collections=["default"], expires_at=FUTURE)
        assert (door.key.collections, door.key.expires_at) == (("default",), FUTURE)
        listed = owner.keys()
        assert [key.name for key in listed] == ["admin", "door"]
        rotated = owner.rotate_key(door.key.id, grace=timedelta(hours=1))
        for token in (door.token, rotated.token):
            with Client(url, token) as other:
                assert (other.own_key().name, other.own_key().scopes) == ("door", ("detect",))
                assert len(other.detect(png("ada")).faces) == 1
                with pytest.raises(ServiceError) as caught:
                    other.identify(png("ada"))
                assert caught.value.code == "forbidden"
        assert owner.revoke_key(door.key.id).revoked_at is not None
    with Client(url, rotated.token) as other, pytest.raises(ServiceError) as caught:
        other.detect(png("ada"))
    assert caught.value.code == "unauthorized"
