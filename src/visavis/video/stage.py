"""A page on this machine that shows what the cameras see, for who watches from a terminal."""

import html
import secrets
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Final, TypeAlias
from urllib.parse import quote, unquote

from visavis.image import encode
from visavis.types import Image

Draw: TypeAlias = Callable[[], Image]
"""Makes the picture: drawn only where somebody looks."""

_EVERY: Final = 0.1  # seconds between pictures of a stream
_BOUNDARY: Final = "frame"
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Visavis</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem;
          padding: 0 1rem; }}
  main {{ display: grid; gap: 1.5rem;
          grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); }}
  figure {{ margin: 0; }}
  img {{ width: 100%; border-radius: .5rem; background: #8882; min-height: 8rem; display: block; }}
  figcaption {{ margin-top: .4rem; opacity: .7; overflow-wrap: anywhere; }}
  h1 {{ font-size: 1.1rem; font-weight: 600; }}
</style>
<h1>Visavis watches</h1>
<main>{figures}</main></html>"""


class Stage:
    """Serves the newest picture of each stream on 127.0.0.1, under an address nobody can guess.

    Nothing is drawn or encoded while nobody looks, and nothing is kept but the newest.
    """

    def __init__(self, names: list[str]) -> None:
        self._secret = secrets.token_urlsafe(18)
        self._newest: dict[str, tuple[int, Draw] | None] = dict.fromkeys(names)
        self._changed = Condition()
        self._open = True
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, name="visavis-stage", daemon=True).start()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._server.server_port}/{self._secret}/"

    def show(self, name: str, draw: Draw) -> None:
        """Puts the newest picture of a stream on the page."""
        with self._changed:
            before = self._newest.get(name)
            self._newest[name] = (1 if before is None else before[0] + 1, draw)
            self._changed.notify_all()

    def close(self) -> None:
        """Ends the page; who looks at it sees the last picture."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stage = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stage._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing: the address is a secret."""

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        start = f"/{self._secret}/"
        name = unquote(request.path.removeprefix(start)) if request.path.startswith(start) else None
        match name:
            case "":
                self._page(request)
            case str() if name in self._newest:
                self._stream(request, name)
            case _:
                request.send_error(404)

    def _page(self, request: BaseHTTPRequestHandler) -> None:
        figures = "".join(
            f'<figure><img src="{quote(name, safe="")}" alt="{html.escape(name)}">'
            f"<figcaption>{html.escape(name)}</figcaption></figure>"
            for name in self._newest
        )
        body = _PAGE.format(figures=figures).encode()
        request.send_response(200)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        request.send_header("Content-Length", str(len(body)))
        request.send_header("Cache-Control", "no-store")
        request.end_headers()
        request.wfile.write(body)

    def _stream(self, request: BaseHTTPRequestHandler, name: str) -> None:
        request.send_response(200)
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        request.send_header("Content-Type", kind)
        request.send_header("Cache-Control", "no-store")
        request.end_headers()
        try:
            for picture in self._pictures(name):
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
                head += f"Content-Length: {len(picture)}\r\n\r\n"
                request.wfile.write(head.encode() + picture + b"\r\n")
        except OSError:  # who looked has left
            return

    def _pictures(self, name: str) -> Iterator[bytes]:
        """JPEGs of one stream as they come, at most ten a second."""
        shown = 0
        while (newest := self._newer(name, shown)) is not None:
            shown, draw = newest
            yield encode(draw(), "JPEG", 80)
            time.sleep(_EVERY)

    def _newer(self, name: str, shown: int) -> tuple[int, Draw] | None:
        """The picture after the one with number `shown`, once it is there; None at the end."""

        def ready() -> bool:
            newest = self._newest[name]
            return not self._open or (newest is not None and newest[0] > shown)

        with self._changed:
            self._changed.wait_for(ready)
            return self._newest[name] if self._open else None
