"""Report pages, where a folder has some."""

from pathlib import Path

import gradio as gr

from visavis.ui import cards
from visavis.ui.desk import QUIET, Desk
from visavis.ui.folder import pages_of
from visavis.ui.session import Ask

_HOW = "visavis report model --help"


def reports_tab(desk: Desk, _: gr.Tab) -> None:
    """Draws the tab."""
    listing = gr.HTML(_listing(desk.reports), apply_default_css=False, elem_id="reports-list")
    button = gr.Button("Look again", elem_id="reports-go")

    async def work(ask: Ask) -> str:
        return _listing(desk.reports)

    button.click(desk.handler(work), None, listing, **QUIET)


def _listing(folder: Path | None) -> cards.Safe:
    pages = pages_of(folder)
    if not pages:
        where = f" and put it into {folder}" if folder else ""
        return cards.tag(
            "div",
            cards.tag("p", "There is no report yet."),
            cards.tag("p", "Make one with ", cards.tag("code", _HOW), f"{where}."),
            look="vv-empty",
        )
    links = (
        cards.tag(
            "a",
            cards.tag("b", page.stem),
            cards.tag("span", "open"),
            look="vv-link",
            href=f"/ui/reports/{page.name}",
            target="_blank",
            rel="noopener",
        )
        for page in pages
    )
    return cards.tag("nav", *links, look="vv-links")
