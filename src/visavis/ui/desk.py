"""What all tabs share: how they ask the service, and how Gradio calls them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import gradio as gr

from visavis.ui.replies import COOKIE
from visavis.ui.session import Ask, Sessions

QUIET: Final[dict[str, Any]] = {"api_visibility": "private", "show_progress": "hidden"}
"""For handlers that run often or fast: hidden from Gradio's API, no spinner."""
SHOWN: Final[dict[str, Any]] = {"api_visibility": "private", "show_progress": "minimal"}


def reveal(after: Any, elem_id: str) -> Any:
    """Brings an element into sight when the handler before has ended."""
    return after.then(None, js=f"() => visavis.reveal('{elem_id}')", **QUIET)


@dataclass(frozen=True, slots=True)
class Desk:
    """`collection` is where people are enrolled and sought; `reports` a folder of report pages;
    `camera_hosts` where the settings allow cameras, and `webcams` whether those of the machine.
    """

    sessions: Sessions
    collection: str
    reports: Path | None = None
    camera_hosts: tuple[str, ...] = ()
    webcams: bool = False

    def ask(self, request: gr.Request) -> Ask:
        """Asks as whoever sent this request."""
        return self.sessions.ask(dict(request.cookies).get(COOKIE))

    def handler(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """`work(ask, *values)` as a function that Gradio calls with the values alone."""

        async def handle(request: gr.Request, *values: Any) -> Any:
            return await work(self.ask(request), *values)

        return handle

    def picked(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """`work(ask, id)` as a function that Gradio calls when a row is picked."""

        async def handle(request: gr.Request, event: gr.EventData) -> Any:
            return await work(self.ask(request), str(event._data.get("id", "")))

        return handle
