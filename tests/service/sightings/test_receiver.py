"""Speaking to a receiver: what is sent, which answers count, and what is never done."""

import socket
import ssl
import threading

import pytest

from service.sightings.conftest import Server
from visavis.service.sightings.receiver import NotTaken, Receiver
from visavis.service.sightings.signing import signature
from visavis.serving import WebhookSettings

SECRET = "0123456789abcdef"


def receiver(url: str, **options: float) -> Receiver:
    given = {"name": "hall", "url": url, "secret": SECRET}
    hook = WebhookSettings.model_validate(given)
    return Receiver(hook, clock=lambda: 1700000000.7, **options)  # type: ignore[arg-type]


def test_what_is_sent(server: Server) -> None:
    receiver(f"{server.url}/in?x=1").post(7, "entered", b'{"seq":7}')
    came = server.came.get(timeout=10)
    assert came.path == "/in?x=1"
    assert came.body == b'{"seq":7}'
    assert came.headers["Visavis-Signature"] == signature(SECRET, 1700000000, came.body)
    assert came.headers["Visavis-Event"] == "entered"
    assert came.headers["Visavis-Seq"] == "7"
    assert came.headers["Content-Type"] == "application/json"
    assert "Authorization" not in came.headers


def test_user_and_password_of_the_address_are_sent_and_not_shown(server: Server) -> None:
    address = server.url.replace("//", "//door:p%40ss@")
    found = receiver(f"{address}/token-in-path")
    found.post(1, "left", b"{}")
    assert server.came.get(timeout=10).headers["Authorization"] == "Basic ZG9vcjpwQHNz"
    assert found.shown == server.url


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_a_success_is_taken(server: Server, status: int) -> None:
    server.answers = [(status, {})]
    receiver(server.url).post(1, "left", b"{}")


@pytest.mark.parametrize("status", [301, 307, 400, 404, 410, 500])
def test_anything_else_is_not_and_no_redirect_is_followed(server: Server, status: int) -> None:
    server.answers = [(status, {"Location": f"{server.url}/other"})]
    with pytest.raises(NotTaken) as caught:
        receiver(server.url).post(1, "left", b"{}")
    assert caught.value.why == str(status)
    assert server.came.qsize() == 1


def test_how_long_it_asks_to_wait(server: Server) -> None:
    server.answers = [(503, {"Retry-After": "7"}), (503, {"Retry-After": "Fri, 01 Jan"})]
    for expected in (7.0, 0.0):
        with pytest.raises(NotTaken) as caught:
            receiver(server.url).post(1, "left", b"{}")
        assert caught.value.retry_after == expected


def test_nobody_there() -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with pytest.raises(NotTaken) as caught:
        receiver(f"http://127.0.0.1:{port}").post(1, "left", b"{}")
    assert caught.value.why == "ConnectionRefusedError"


def test_a_connection_that_was_closed_meanwhile_is_made_again(server: Server) -> None:
    found = receiver(server.url)
    server.answers = [(200, {"X-Kept": "1"})]
    found.post(1, "left", b"{}")
    connection = found._connection
    assert connection is not None
    connection.sock.shutdown(socket.SHUT_RDWR)
    found.post(2, "left", b"{}")
    assert [server.came.get(timeout=10).headers["Visavis-Seq"] for _ in range(2)] == ["1", "2"]


def test_one_that_never_answers_is_given_up_and_can_be_broken_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(NotTaken) as caught:
            receiver(url, seconds=0.05).post(1, "left", b"{}")
        assert caught.value.why == "TimeoutError"
        found, failed = receiver(url, seconds=600.0), list[NotTaken]()

        def post() -> None:
            with pytest.raises(NotTaken) as broken:
                found.post(1, "left", b"{}")
            failed.append(broken.value)

        thread = threading.Thread(target=post, daemon=True)
        thread.start()
        silent.accept()
        line, _ = silent.accept()
        line.recv(100)
        found.abort()
        thread.join(20)
        line.close()
    assert len(failed) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    """The handshake itself fails: what speaks no TLS at all does not even get the request."""
    context = ssl.create_default_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    with socket.create_server(("127.0.0.1", 0)) as plain:
        url = f"https://127.0.0.1:{plain.getsockname()[1]}"
        heard: list[bytes] = []

        def answer() -> None:
            line, _ = plain.accept()
            heard.append(line.recv(1000))
            line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            line.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with pytest.raises(NotTaken):
            receiver(url).post(1, "left", b"{}")
        thread.join(20)
    assert b"POST" not in heard[0]
