"""Puts the pages into the service."""

from pathlib import Path
from typing import Any, Final

from visavis.extras import needs
from visavis.ui.assets import ICON, asset
from visavis.ui.door import Door
from visavis.ui.environment import prepare
from visavis.ui.replies import ROOT
from visavis.ui.session import Sessions

_MOST_WAITING: Final = 64


def mount(
    app: Any,
    *,
    host: str = "127.0.0.1",
    collection: str = "default",
    reports: Path | None = None,
    camera_hosts: tuple[str, ...] = (),
    webcams: bool = False,
) -> None:
    """Adds the pages at /ui to a FastAPI application, which answers them as it does any client.

    All other middleware stands around them. `host` is a name under which the application may be
    called; `reports` a folder of report pages; `camera_hosts` where the settings allow cameras,
    `webcams` whether those of the machine. Raises MissingExtra without the extra `ui`.
    """
    prepare()
    with needs("ui", "the web pages"):
        import gradio
    from visavis.ui.desk import Desk
    from visavis.ui.page import build
    from visavis.ui.theme import theme

    sessions = Sessions(app, host)
    page = build(Desk(sessions, collection, reports, camera_hosts, webcams))
    page.queue(max_size=_MOST_WAITING, default_concurrency_limit=8, api_open=False)
    gradio.mount_gradio_app(
        app,
        page,
        ROOT,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        max_file_size="32mb",
        head=ICON,
        theme=theme(),
        css=asset("style.css"),
    )
    app.add_middleware(Door, sessions=sessions, reports=reports)
    app.user_middleware.append(app.user_middleware.pop(0))  # the last one is the innermost
