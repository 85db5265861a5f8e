"""A camera's stream with names in it, by the service's own WebSocket."""

import json
from html import escape
from typing import Any, Final

import gradio as gr

from visavis.ui import words
from visavis.ui.assets import SCRIPT
from visavis.ui.desk import QUIET, Desk
from visavis.ui.photos import OFF
from visavis.ui.session import Ask
from visavis.ui.tabs.identify import names_of

_STREAM: Final = """<div class="vv-live" data-collection="{collection}" data-words="{words}">
<div class="vv-stage">{off}<video playsinline muted></video><canvas></canvas></div>
<div class="vv-tools"><button type="button" class="vv-button strong" data-do="start">Start
camera</button>
<dl class="vv-figures"><div><dt>frames a second</dt><dd data-figure="fps">–</dd></div>
<div><dt>ms there and back</dt><dd data-figure="trip">–</dd></div>
<div><dt>ms of work</dt><dd data-figure="work">–</dd></div>
<div><dt>frames dropped</dt><dd data-figure="dropped">–</dd></div></dl></div>
<p class="vv-told" role="status">Whoever is enrolled and comes before the camera is named. No frame
is stored.</p>
<ul class="vv-who"></ul></div>"""


def live_tab(desk: Desk, _: gr.Tab) -> None:
    """Draws the tab; frames go to the service's own WebSocket, which knows people by their ids."""
    told = {"decisions": dict(words.DECISIONS), "meanings": dict(words.MEANINGS)}
    stage = gr.HTML(
        None,
        html_template=_STREAM.format(
            off=OFF, collection=escape(desk.collection), words=escape(json.dumps(told))
        ),
        js_on_load="visavis.live(element, props, watch)",
        head=SCRIPT,
        names=None,
        apply_default_css=False,
        elem_id="live",
        elem_classes=["vv-block"],
    )

    async def work(ask: Ask, value: Any) -> Any:
        return gr.update(names=await named(ask, desk.collection, value))

    stage.change(desk.handler(work), stage, stage, **QUIET)


async def named(ask: Ask, collection: str, value: Any) -> dict[str, str]:
    """Names by id of those whom a page asks for."""
    ids = value.get("ids") if isinstance(value, dict) else None
    return await names_of(ask, collection, map(str, ids)) if isinstance(ids, list) else {}
