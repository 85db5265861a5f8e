"""A liveness challenge: movements before a camera that nobody could foresee."""

import json
from html import escape
from typing import Any, Final

import gradio as gr

from visavis.client.challenges import start_challenge
from visavis.errors import VisavisError
from visavis.liveness.verdict import Refusal
from visavis.ui import words
from visavis.ui.assets import SCRIPT
from visavis.ui.desk import QUIET, Desk
from visavis.ui.photos import OFF
from visavis.ui.session import Ask

_STAGE: Final = """<div class="vv-challenge" data-words="{words}">
<div class="vv-stage">{off}<video playsinline muted></video><div class="vv-oval"></div>
<div class="vv-prompt" role="status"><i></i><b></b><span></span></div></div>
<div class="vv-meter"><i></i></div>
<div class="vv-tools"><button type="button" class="vv-button strong" data-do="start">Start the
challenge</button><span class="vv-steps vv-small">Left and right are your own. Keep your face in the
picture, and let nobody else into it.</span></div>
<div class="vv-end" role="status" hidden></div></div>"""
_CANNOT_TELL: Final = (
    Refusal.NO_FRAMES,
    Refusal.UNFINISHED,
    Refusal.NO_FRONTAL_START,
    Refusal.FACE_LOST,
    Refusal.STEP_TIME,
    Refusal.TOTAL_TIME,
)


def challenge_tab(desk: Desk, _: gr.Tab) -> None:
    """Draws the tab; frames go to the service's own WebSocket."""
    told = {
        "prompts": dict(words.PROMPTS),
        "reasons": dict(words.REASONS),
        "cannot": [str(reason) for reason in _CANNOT_TELL],
    }
    claim = gr.Textbox(
        label="Id of the person (optional)",
        placeholder="empty: any live person passes",
        max_length=200,
        elem_id="challenge-id",
    )
    stage = gr.HTML(
        None,
        html_template=_STAGE.format(off=OFF, words=escape(json.dumps(told))),
        js_on_load="visavis.challenge(element, props, trigger, watch)",
        head=SCRIPT,
        given=None,
        apply_default_css=False,
        elem_id="challenge",
        elem_classes=["vv-block"],
    )

    async def work(ask: Ask, value: Any, subject: str) -> Any:
        if not isinstance(value, dict):
            return gr.skip()
        return gr.update(given=await given(ask, desk.collection, subject, value.get("asked")))

    stage.change(desk.handler(work), [stage, claim], stage, **QUIET)


async def given(ask: Ask, collection: str, subject: str, asked: object) -> dict[str, Any]:
    """A new challenge's id for the page, or why there is none."""
    who = subject.strip() or None
    try:
        made = await ask(start_challenge(subject=who, collection=collection if who else None))
    except VisavisError as error:
        return {"trouble": words.refusal(error), "asked": asked}
    return {"id": made.id, "asked": asked}
