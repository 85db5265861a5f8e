"""A camera's stream with names in it, by the service's own WebSocket."""

import json
from html import escape
from typing import Final

import gradio as gr

from visavis.ui import words
from visavis.ui.assets import SCRIPT
from visavis.ui.desk import Desk
from visavis.ui.photos import OFF

_STREAM: Final = """<div class="vv-live" data-collection="{collection}" data-words="{words}">
<div class="vv-stage">{off}<video playsinline muted></video><canvas></canvas></div>
<div class="vv-tools"><button type="button" class="vv-button strong" data-do="start">Start
camera</button>
<dl class="vv-figures"><div><dt>frames a second</dt><dd data-figure="fps">–</dd></div>
<div><dt>ms there and back</dt><dd data-figure="trip">–</dd></div>
<div><dt>ms of work</dt><dd data-figure="work">–</dd></div>
<div><dt>frames dropped</dt><dd data-figure="dropped">–</dd></div></dl></div>
<p class="vv-told" role="status">The newest frame wins: the picture does not lag behind.</p>
<ul class="vv-who"></ul></div>"""


def live_tab(desk: Desk, _: gr.Tab) -> None:
    """Draws the tab; all of its work is done by the page and the service."""
    told = {"decisions": dict(words.DECISIONS), "meanings": dict(words.MEANINGS)}
    gr.HTML(
        None,
        html_template=_STREAM.format(
            off=OFF, collection=escape(desk.collection), words=escape(json.dumps(told))
        ),
        js_on_load="visavis.live(element)",
        head=SCRIPT,
        apply_default_css=False,
        elem_id="live",
        elem_classes=["vv-block"],
    )
