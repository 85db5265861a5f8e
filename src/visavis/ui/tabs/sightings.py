"""Who was seen last by the cameras, beneath these; new ones appear as they come."""

from html import escape
from typing import Any, Final

import gradio as gr

from visavis.client.operation import Page
from visavis.client.sightings import Sighting, sightings
from visavis.errors import VisavisError
from visavis.ui import words
from visavis.ui.assets import SCRIPT
from visavis.ui.desk import QUIET, Desk
from visavis.ui.seen import sighting_told
from visavis.ui.session import Ask
from visavis.ui.tabs.identify import names_of
from visavis.ui.watched import Told

_LIST: Final = """<section class="vv-sightings" data-collection="{collection}"><div class="vv-row">
<h3>Sightings</h3><span class="vv-badge vv-following">not following</span></div>
<p class="vv-notice bad" role="status" hidden></p><ul class="vv-seen"></ul>
<p class="vv-empty">Nobody was seen yet. Whoever comes before a camera is listed here.</p>
<template><li class="vv-sighting"><div class="vv-shown"><button type="button" class="vv-button"
data-do="shot">Show picture</button></div><div class="vv-told"><div class="vv-row"><b></b></div>
<p class="vv-small"></p></div></li></template></section>"""
_MOST: Final = 20


def sightings_list(desk: Desk) -> None:
    """Draws it. The page hears of new ones by an event stream, and then asks for the list."""
    listing = gr.HTML(
        None,
        html_template=_LIST.format(collection=escape(desk.collection)),
        js_on_load="visavis.sightings(element, props, watch)",
        head=SCRIPT,
        answer=None,
        apply_default_css=False,
        elem_id="sightings",
        elem_classes=["vv-block"],
    )

    async def work(ask: Ask, value: Any) -> Any:
        return gr.update(answer=await newest(ask, desk.collection, value))

    listing.change(desk.handler(work), listing, listing, **QUIET)


async def newest(ask: Ask, collection: str, value: Any) -> Told:
    """The newest sightings in words; `number` is the page's own."""
    number = value.get("number") if isinstance(value, dict) else None
    try:
        page: Page[Sighting] = await ask(sightings(collection=collection).page())
        found = page.items[:_MOST]
        names = await names_of(ask, collection, [one.subject for one in found if one.subject])
    except VisavisError as error:
        return {"number": number, "said": words.refusal(error)}
    items = [sighting_told(one, names) for one in found]
    return {"number": number, "said": "", "sightings": items}
