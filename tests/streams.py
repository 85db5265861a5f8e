"""Videos made for tests, and cameras on loopback: MJPEG over HTTP, and RTSP by GStreamer."""

import io
import os
import shutil
import signal
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np
import PIL.Image

from visavis.types import Image

SYSTEM_PYTHON = "/usr/bin/python3"
RTSP_SERVER = Path(__file__).with_name("rtsp_server.py")
_MILLI = Fraction(1, 1000)
LIMIT = 60.0  # seconds that a test waits for what must come


def picture(number: int, width: int = 64, height: int = 48) -> Image:
    """A picture that tells its number by its brightness, and which way is up: red at the top left,
    green at the top right.
    """
    image = np.full((height, width, 3), 20 + 10 * (number % 20), np.uint8)
    image[: height // 2, : width // 2] = (200, 0, 0)
    image[: height // 2, width // 2 :] = (0, 200, 0)
    return image


def number_of(image: Image) -> int:
    """The number of a `picture`, below 20."""
    return round((float(image[-image.shape[0] // 4 :].mean()) - 20) / 10)


def write_video(
    path: Path,
    times: Sequence[float],
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (64, 48),
    options: dict[str, str] | None = None,
) -> Path:
    """A video of `picture`s at these times, in seconds."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=25, options={"bf": "0", "g": "10"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = stream.time_base = _MILLI
        for number, at in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(number, *size), format="rgb24")
            frame.pts, frame.time_base = round(at * 1000), _MILLI
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turned(path: Path, quarters: int) -> Path:
    """The same MP4 with a display matrix that turns it clockwise by quarters."""
    a, b = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarters % 4]
    matrix = struct.pack(">9i", a << 16, b << 16, 0, -b << 16, a << 16, 0, 0, 0, 1 << 30)
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 40  # version 0: times, ids, layer and volume come before
    data[start : start + 36] = matrix
    found = path.with_name(f"turned{quarters}.mp4")
    found.write_bytes(data)
    return found


def jpeg(image: Image) -> bytes:
    data = io.BytesIO()
    PIL.Image.fromarray(image).save(data, "JPEG", quality=95)
    return data.getvalue()


def access_units(
    path: Path, images: Sequence[Image], fps: int = 25, group: int | None = None
) -> Path:
    """H.264 for `rtsp_server.py`: each access unit after its length, 4 bytes, big end first.

    `group`: frames from one key frame to the next, by default half a second.
    """
    height, width = images[0].shape[:2]
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.gop_size = fps, group or fps // 2
    encoder.thread_count = 1  # one slice a picture: the server cuts key frames of several in two
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": "repeat-headers=1",
    }
    with path.open("wb") as file:
        for image in [*images, None]:
            frame = None if image is None else av.VideoFrame.from_ndarray(image, format="rgb24")
            for packet in encoder.encode(frame):
                file.write(struct.pack(">I", packet.size) + bytes(packet))
    return path


class RtspServer:
    """GStreamer's server on loopback, under the system's Python; serves access units in a loop."""

    def __init__(self, units: Path, *, fps: int = 25, user: str = "", password: str = "") -> None:
        self._command = [SYSTEM_PYTHON, str(RTSP_SERVER), str(units), "--fps", str(fps)]
        self._env = {**os.environ, "RTSP_USER": user, "RTSP_PASSWORD": password}
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "RtspServer":
        """Starts it, on the port that it had before, and waits until it listens."""
        command = [*self._command, "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=self._env)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the RTSP server did not start")
        self.port = int(line)
        return self

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    def pause(self) -> None:
        """It stops in the middle of everything, and closes nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()
        self._process = None

    def close(self) -> None:
        if self._process is not None:
            self.kill()

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


def has_rtsp_server() -> bool:
    """Whether GStreamer's server can be used here."""
    if not shutil.which(SYSTEM_PYTHON):
        return False
    return subprocess.run([SYSTEM_PYTHON, str(RTSP_SERVER), "--check"]).returncode == 0


def needs_rtsp_server() -> None:
    """Skips a test where it cannot be used."""
    import pytest

    if not has_rtsp_server():
        pytest.skip("GStreamer's RTSP server is not installed for /usr/bin/python3")


Script = Callable[["Camera.Answer"], None]


class Camera:
    """An HTTP server on loopback, each of whose connections is answered by a script."""

    class Answer(BaseHTTPRequestHandler):
        """One connection; the script writes what it wants."""

        camera: "Camera"

        def do_GET(self) -> None:
            self.camera.requests.append((self.path, dict(self.headers)))
            try:
                self.camera.script(self)
            except OSError:
                self.camera.left.set()

        def log_message(self, *_: object) -> None:
            pass

        def begin(self, kind: str = "multipart/x-mixed-replace; boundary=frame") -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()

        def part(self, data: bytes, *, length: bool = True, boundary: str = "frame") -> None:
            head = f"--{boundary}\r\nContent-Type: image/jpeg\r\n"
            head += f"Content-Length: {len(data)}\r\n\r\n" if length else "\r\n"
            self.wfile.write(head.encode() + data + b"\r\n")

        def stay(self) -> None:
            """Keeps the connection open and sends nothing, until the camera is put away."""
            self.camera.away.wait(LIMIT)

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.away = threading.Event()
        self.left = threading.Event()
        answer = type("Answer", (Camera.Answer,), {"camera": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), answer)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.away.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def camera(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Camera]:
    """A camera that is put away with the block."""
    found = Camera(script, tls)
    try:
        yield found
    finally:
        found.close()


def sends(*parts: bytes, length: bool = True) -> Script:
    """Answers with a stream of these parts, and ends."""

    def script(answer: Camera.Answer) -> None:
        answer.begin()
        for part in parts:
            answer.part(part, length=length)

    return script


def status(code: int, **headers: str) -> Script:
    """Answers with a status and headers alone."""

    def script(answer: Camera.Answer) -> None:
        answer.send_response(code)
        for name, value in headers.items():
            answer.send_header(name.replace("_", "-"), value)
        answer.end_headers()

    return script
