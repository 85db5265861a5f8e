"""Streams: how they end, with a service that is played, and with the real one."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import ServerConnection, serve

from visavis.client import AsyncClient, Client, ServiceError, Unreachable, streams
from visavis.client.challenges import Progress, Verdict
from visavis.client.live import LiveFrame
from visavis.liveness.challenger import Challenger
from visavis.service.challenges import Challenges, LargestFace
from visavis.service.state import Services
from visavis.targets import DEFAULT_TARGET

Png = Callable[..., bytes]
Play = Callable[[ServerConnection], Awaitable[None]]
READY = {"type": "ready"}
PROGRESS = {
    "type": "progress",
    "phase": "settle",
    "action": None,
    "hold_seconds": None,
    "done": 0,
    "of": 2,
    "reason": None,
    "seconds_left": 5.0,
    "face": None,
}
VERDICT = {"live": True, "reasons": [], "match": None, "steps_done": 2, "steps": 2, "seconds": 4.0}


def frame(number: int) -> dict[str, Any]:
    size = {"width": 4, "height": 3}
    return {"type": "frame", "frame": number, "dropped": 0, **size, "faces": [], "latency_ms": {}}


def fault(code: str) -> dict[str, Any]:
    return {"type": "error", "error": {"code": code, "message": code}, "request_id": "r1"}


async def camera(frames: Sequence[bytes]) -> AsyncIterator[bytes]:
    for one in frames:
        yield one


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"frame"
        await asyncio.sleep(0.001)


async def say(socket: ServerConnection, *messages: dict[str, Any]) -> None:
    for message in messages:
        await socket.send(json.dumps(message))


def played(play: Play, work: Callable[[AsyncClient], Awaitable[Any]], key: str = "") -> Any:
    """What some work with a client gives, while the service is played."""

    async def run() -> Any:
        async with serve(play, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with AsyncClient(f"http://127.0.0.1:{port}", key) as client:
                return await asyncio.wait_for(work(client), 10)

    return asyncio.run(run())


async def numbers(stream: AsyncIterator[LiveFrame]) -> list[int]:
    return [found.frame async for found in stream]


class TestHello:
    def test_says_who_calls_and_what_for(self) -> None:
        heard: list[Any] = []

        async def play(socket: ServerConnection) -> None:
            assert socket.request is not None
            heard.append(socket.request.path)
            heard.append(socket.request.headers["Authorization"])
            heard.append(json.loads(await socket.recv()))
            await say(socket, READY)
            heard.append(await socket.recv())
            await say(socket, frame(1))

        async def work(client: AsyncClient) -> list[int]:
            return await numbers(client.live(camera([b"one"]), collection="staff", fpir=0.1))

        assert played(play, work, "vv_key") == [1]
        hello = {"collection": "staff", "fpir": 0.1}
        assert heard == ["/v1/live", "Bearer vv_key", hello, b"one"]

    def test_no_frame_leaves_before_the_service_is_ready(self) -> None:
        shown: list[bytes] = []

        async def frames() -> AsyncIterator[bytes]:
            shown.append(b"one")
            yield b"one"

        async def play(socket: ServerConnection) -> None:
            await say(socket, fault("forbidden"))
            await socket.close(1008)

        with pytest.raises(ServiceError) as caught:
            played(play, lambda client: numbers(client.live(frames())))
        assert (caught.value.code, caught.value.request_id) == ("forbidden", "r1")
        assert shown == []


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        """A file with a certificate that nobody knows, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "visavis")])
        here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - timedelta(days=1))
            .not_valid_after(datetime.now(UTC) + timedelta(days=1))
            .add_extension(here, critical=False)
            .sign(key, hashes.SHA256())
        )
        file = tmp_path / "service.pem"
        own = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(made.public_bytes(Encoding.PEM) + key.private_bytes(*own))
        return file

    def test_trusts_the_certificate_that_it_is_told_to(self, certificate: Path) -> None:
        served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        served.load_cert_chain(certificate)

        async def play(socket: ServerConnection) -> None:
            await socket.recv()
            await say(socket, READY, frame(1))

        async def run(tls: ssl.SSLContext | None) -> list[int]:
            async with serve(play, "127.0.0.1", 0, ssl=served) as server:
                url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
                async with AsyncClient(url, tls=tls) as client:
                    return await numbers(client.live(camera([b"one"])))

        assert asyncio.run(run(ssl.create_default_context(cafile=certificate))) == [1]
        with pytest.raises(Unreachable, match="self-signed certificate"):
            asyncio.run(run(None))

    def test_is_not_asked_of_plain_http(self) -> None:
        async def run() -> None:
            context = ssl.create_default_context()
            async with AsyncClient("http://127.0.0.1:9", tls=context) as client:
                await numbers(client.live(endless()))

        with pytest.raises(Unreachable):
            asyncio.run(run())


class TestEnd:
    def test_comes_with_the_answer_to_the_last_frame(self) -> None:
        async def play(socket: ServerConnection) -> None:
            await socket.recv()
            await say(socket, READY)
            for number in (1, 2, 3):
                await socket.recv()
                if number != 2:
                    await say(socket, frame(number))
            await socket.wait_closed()

        frames = [b"one", b"two", b"three"]
        assert played(play, lambda client: numbers(client.live(camera(frames)))) == [1, 3]

    def test_comes_with_the_camera_if_all_was_answered(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streams, "GRACE", 1000.0)

        async def play(socket: ServerConnection) -> None:
            await socket.recv()
            await say(socket, READY)
            await socket.recv()
            await say(socket, frame(1))
            await socket.wait_closed()

        async def slow() -> AsyncIterator[bytes]:
            yield b"one"
            await asyncio.sleep(0.05)

        assert played(play, lambda client: numbers(client.live(slow()))) == [1]

    def test_does_not_wait_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(streams, "GRACE", 0.02)

        async def play(socket: ServerConnection) -> None:
            await socket.recv()
            await say(socket, READY)
            await socket.wait_closed()

        assert played(play, lambda client: numbers(client.live(camera([b"one"])))) == []

    def test_is_the_callers_too(self) -> None:
        over: list[bool] = []

        async def play(socket: ServerConnection) -> None:
            await socket.recv()
            await say(socket, READY)
            number = 0
            async for _ in socket:
                number += 1
                await say(socket, frame(number))
            over.append(True)

        async def work(client: AsyncClient) -> int:
            async with aclosing(client.live(endless())) as stream:
                async for found in stream:
                    if found.frame == 3:
                        return found.frame
            raise AssertionError

        assert played(play, work) == 3
        assert over == [True]

    def test_the_camera_breaks(self) -> None:
        async def play(socket: ServerConnection) -> None:
            await socket.recv()
            await say(socket, READY)
            await socket.wait_closed()

        async def broken() -> AsyncIterator[bytes]:
            yield b"one"
            raise OSError("unplugged")

        with pytest.raises(OSError, match="unplugged"):
            played(play, lambda client: numbers(client.live(broken())))


class TestErrors:
    def test_of_a_frame_are_told_and_of_the_stream_raised(self) -> None:
        told: list[str] = []

        async def play(socket: ServerConnection) -> None:
            await socket.recv()
            await say(socket, READY, fault("bad_image"), frame(2))
            await say(socket, fault("bad_image"), fault("unauthorized"))
            await socket.close(1008)

        async def work(client: AsyncClient) -> None:
            stream = client.live(endless(), on_error=lambda error: told.append(error.code))
            seen.extend(await numbers(stream))

        seen: list[int] = []
        with pytest.raises(ServiceError, match="unauthorized"):
            played(play, work)
        assert told == ["bad_image", "bad_image"]

    def test_the_line_breaks(self) -> None:
        async def play(socket: ServerConnection) -> None:
            await socket.recv()
            await say(socket, READY, frame(1))
            socket.transport.abort()

        with pytest.raises(Unreachable, match="the stream broke"):
            played(play, lambda client: numbers(client.live(endless())))

    @pytest.mark.parametrize(
        "text", ["no JSON", "[]", "{}", '{"type": "frame"}', '{"type": "error"}']
    )
    def test_messages_that_nobody_understands(self, text: str) -> None:
        async def play(socket: ServerConnection) -> None:
            await socket.recv()
            await socket.send(text)

        with pytest.raises(ServiceError) as caught:
            played(play, lambda client: numbers(client.live(endless())))
        assert caught.value.code == "bad_answer"

    def test_nobody_listens(self) -> None:
        async def run() -> None:
            async with AsyncClient("http://127.0.0.1:9") as client:
                await numbers(client.live(endless()))

        with pytest.raises(Unreachable, match="no stream to"):
            asyncio.run(run())


def test_a_challenge_ends_with_its_verdict() -> None:
    async def play(socket: ServerConnection) -> None:
        assert json.loads(await socket.recv()) == {}
        await say(socket, PROGRESS)
        await socket.recv()
        await say(socket, {**PROGRESS, "done": 2}, {"type": "verdict", "verdict": VERDICT})

    async def work(client: AsyncClient) -> list[Progress | Verdict]:
        return [found async for found in client.stream_challenge("c1", endless())]

    first, second, verdict = played(play, work)
    assert (first.done, second.done) == (0, 2)
    assert verdict == Verdict.of(VERDICT)


class TestService:
    def test_live(self, url: str, client: Client, png: Png) -> None:
        client.enrol("ada", png("ada"))
        told: list[str] = []

        async def run() -> list[LiveFrame]:
            found = []
            room = asyncio.Semaphore(1)

            async def frames() -> AsyncIterator[bytes]:
                for photo in (png("ada"), b"no picture", png("ada", "eve")):
                    await room.acquire()
                    yield photo

            def refused(error: ServiceError) -> None:
                told.append(error.code)

            async with (
                AsyncClient(url) as other,
                aclosing(other.live(frames(), on_error=refused, top_k=1)) as stream,
            ):
                async for one in stream:
                    found.append(one)
                    room.release()
                    room.release()
            return found

        *_, last = found = asyncio.run(run())
        assert [face.identification.subject for face in found[0].faces] == ["ada"]
        assert [face.identification.decision for face in last.faces] == ["match", "unknown"]
        assert last.frame == 3
        assert last.latency_ms["total"] > 0

    def test_live_refused(self, url: str) -> None:
        async def run() -> None:
            async with AsyncClient(url) as client:
                await numbers(client.live(endless(), collection="nowhere"))

        with pytest.raises(ServiceError) as caught:
            asyncio.run(run())
        assert caught.value.code == "unknown_subject"


class TestChallenge:
    @pytest.fixture
    def services(self, services: Services) -> Services:
        """Gives a challenge no time to speak of."""
        hurried = Challenger(
            bytes(32),
            time.monotonic,
            holds=(0.1,),
            step_seconds=0.3,
            total_seconds=0.3,
            expire_seconds=0.3,
        )
        observer = LargestFace(services.pipeline, services.liveness, DEFAULT_TARGET)
        return replace(services, challenges=Challenges(hurried, observer, services.seats))

    def test_ends_with_its_time(self, url: str, client: Client, png: Png) -> None:
        made = client.start_challenge()

        async def run() -> Progress | Verdict:
            async def frames() -> AsyncIterator[bytes]:
                yield png("ada")
                yield png()
                while True:
                    await asyncio.sleep(0.02)
                    yield png("eve")

            async with AsyncClient(url) as other:
                seen = [one async for one in other.stream_challenge(made.id, frames())]
            return seen[-1]

        verdict = asyncio.run(run())
        assert isinstance(verdict, Verdict)
        assert not verdict.live
        assert verdict.reasons
