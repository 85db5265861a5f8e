"""The page: a header, and the tabs under it."""

from collections.abc import Callable
from typing import Final

import gradio as gr

from visavis.client.about import ready
from visavis.client.collections import collection
from visavis.client.keys import OwnKey, own_key
from visavis.errors import VisavisError
from visavis.ui import cards, words
from visavis.ui.assets import OWN
from visavis.ui.desk import QUIET, Desk
from visavis.ui.session import Ask, may
from visavis.ui.tabs.audit import audit_tab
from visavis.ui.tabs.cameras import cameras_tab
from visavis.ui.tabs.challenge import challenge_tab
from visavis.ui.tabs.compare import compare_tab
from visavis.ui.tabs.enrol import enrol_tab
from visavis.ui.tabs.identify import identify_tab
from visavis.ui.tabs.live import live_tab
from visavis.ui.tabs.models import models_tab
from visavis.ui.tabs.people import people_tab
from visavis.ui.tabs.reports import reports_tab

TABS: Final[tuple[tuple[str, Callable[[Desk, gr.Tab], None], tuple[str, ...]], ...]] = (
    ("Compare", compare_tab, ("identify",)),
    ("Identify", identify_tab, ("identify",)),
    ("Enrol", enrol_tab, ("enrol",)),
    ("People", people_tab, ("identify", "enrol")),
    ("Live", live_tab, ("identify",)),
    ("Cameras", cameras_tab, ("identify",)),
    ("Challenge", challenge_tab, ("detect",)),
    ("Audit", audit_tab, ("audit",)),
    ("Models and thresholds", models_tab, ()),
    ("Reports", reports_tab, ()),
)
"""Names, what draws them, and the scopes of which a key needs one."""


def build(desk: Desk) -> gr.Blocks:
    """All of it."""
    page = gr.Blocks(
        title="Visavis", analytics_enabled=False, fill_width=True, delete_cache=(60, 60)
    )
    with page:
        header = gr.HTML(cards.tag("header", look="vv-header"), apply_default_css=False)
        notices = []
        with gr.Tabs(elem_id="tabs") as tabs:
            for name, draw, _ in TABS:
                ident = name.split()[0].lower()
                with gr.Tab(name, id=ident, elem_id=f"tab-{ident}") as tab:
                    notices.append(gr.HTML("", apply_default_css=False))
                    draw(desk, tab)

        async def welcome(ask: Ask) -> tuple[str, ...]:
            return await welcomed(ask, desk.collection)

        page.load(desk.handler(welcome), None, [header, *notices], **QUIET)
        tabs.select(desk.handler(welcome), None, [header, *notices], **QUIET)
    return page


async def welcomed(ask: Ask, name: str) -> tuple[str, ...]:
    """The header, and for each tab why it is of no use with this key, or nothing."""
    try:
        own = await ask(own_key())
    except VisavisError as error:
        return head(None, cards.badge(words.refusal(error), "bad")), *[""] * len(TABS)
    return head(own, await state(ask, own, name)), *(lacking(own, s) for _, _, s in TABS)


async def state(ask: Ask, own: OwnKey, name: str) -> cards.Safe:
    """How the service is, in a badge or two."""
    try:
        found = await ask(ready())
        parts = [part for part, told in found.parts.items() if told != "ok"]
        told = [
            cards.badge("ready", "good")
            if found.ready
            else cards.badge(f"not ready: {', '.join(parts)}", "bad")
        ]
        if may(own, "identify", "enrol"):
            info = await ask(collection(name))
            people = words.count(info.subjects, "person", "people")
            told.append(cards.badge(f"{people} in “{name}”"))
    except VisavisError as error:
        return cards.badge(words.refusal(error), "bad")
    return cards.joined(told)


def head(own: OwnKey | None, badges: cards.Safe) -> cards.Safe:
    """The slim header: the name, how the service is, who is signed in."""
    mark = cards.Safe(f'<img src="{OWN}/mark.svg" alt="" width="30" height="30">')
    name = cards.tag("div", mark, cards.tag("strong", "Visavis"), look="vv-name")
    told = cards.tag("div", badges, look="vv-state")
    return cards.tag("header", name, told, _who(own), look="vv-header")


def _who(own: OwnKey | None) -> cards.Safe:
    if own is not None and not own.id:
        return cards.tag("div", cards.tag("span", "open on this machine"), look="vv-me")
    button = cards.tag("button", "Sign out", look="vv-button")
    form = cards.tag("form", button, method="post", action="/ui/logout")
    return cards.tag("div", cards.tag("span", own.name) if own else "", form, look="vv-me")


def lacking(own: OwnKey, scopes: tuple[str, ...]) -> str:
    """What a key lacks for a tab; nothing where it is good for it."""
    if not scopes or may(own, *scopes):
        return ""
    wanted = " or ".join(scopes)
    said = f"Your API key “{own.name}” lacks the scope {wanted}: this page is of no use with it."
    return cards.tag("div", said, look="vv-empty vv-lacking", role="note")
