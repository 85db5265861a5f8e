"""Report pages, where a folder has some."""

from datetime import UTC, datetime
from pathlib import Path

import gradio as gr

from visavis.ui import cards
from visavis.ui.desk import QUIET, Desk
from visavis.ui.folder import pages_of
from visavis.ui.session import Ask

_HOW = "visavis report model --lfw lfw/"


def reports_tab(desk: Desk, tab: gr.Tab) -> None:
    """Draws the tab."""
    listing = gr.HTML(_listing(desk.reports), apply_default_css=False, elem_id="reports-list")
    button = gr.Button("Look again", elem_id="reports-go")

    async def work(ask: Ask) -> str:
        return _listing(desk.reports)

    button.click(desk.handler(work), None, listing, **QUIET)
    tab.select(desk.handler(work), None, listing, **QUIET)


def _listing(folder: Path | None) -> cards.Safe:
    pages = pages_of(folder)
    if not pages:
        how = f"{_HOW} --out {folder}" if folder else _HOW
        return cards.tag(
            "div",
            cards.tag("p", "There is no report yet."),
            cards.tag("p", "Pages that this command writes are listed here:"),
            cards.tag("p", cards.tag("code", how)),
            look="vv-empty",
        )
    links = (
        cards.tag(
            "a",
            cards.tag("b", page.stem.replace("-", " ").capitalize()),
            cards.tag("small", f"{_day(page)} UTC"),
            look="vv-link",
            href=f"/ui/reports/{page.name}",
            target="_blank",
            rel="noopener",
        )
        for page in pages
    )
    return cards.tag("nav", *links, look="vv-links", aria_label="Reports")


def _day(page: Path) -> str:
    """When a page was written."""
    return f"{datetime.fromtimestamp(page.stat().st_mtime, UTC):%Y-%m-%d %H:%M}"
