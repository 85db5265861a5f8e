"""The cameras that the service watches: how each goes, what it sees, and who was seen."""

from collections.abc import Mapping
from typing import Any, Final

import gradio as gr

from visavis.client.cameras import (
    Camera,
    camera,
    cameras,
    create_camera,
    delete_camera,
    start_camera,
    stop_camera,
)
from visavis.client.keys import own_key
from visavis.client.operation import Asked, Page
from visavis.errors import VisavisError
from visavis.ui import cards, words
from visavis.ui.assets import SCRIPT
from visavis.ui.desk import QUIET, SHOWN, Desk, reveal
from visavis.ui.photos import OFF
from visavis.ui.session import Ask, may
from visavis.ui.tabs.sightings import sightings_list
from visavis.ui.watched import Told, camera_told

_PAGE: Final = """<div class="vv-cameras"><p class="vv-notice" role="status" hidden></p>
<div class="vv-grid"><button type="button" class="vv-new" data-do="new" hidden><i
aria-hidden="true">+</i><b>Add a camera</b><span>RTSP, or MJPEG over HTTP</span></button></div>
<p class="vv-empty vv-none" hidden>No camera is watched yet.</p>
<p class="vv-small vv-why" hidden></p>
<template><article class="vv-camera"><button type="button" class="vv-view" data-do="large"
aria-pressed="false"><canvas hidden></canvas>{off}<span class="vv-badge vv-people" hidden></span>
</button><div class="vv-row"><b></b><span class="vv-badge vv-how"></span></div><code
class="vv-source"></code><p class="vv-small vv-notes" hidden></p><p class="vv-trouble" hidden></p>
<dl class="vv-figures">
<div><dt>frames a second</dt><dd data-figure="fps">–</dd></div>
<div><dt>ms lag</dt><dd data-figure="lag">–</dd></div>
<div><dt>dropped</dt><dd data-figure="dropped">–</dd></div>
<div><dt>reconnects</dt><dd data-figure="reconnects">–</dd></div></dl>
<div class="vv-tools"><button type="button" class="vv-button" data-do="start" hidden>Start</button>
<button type="button" class="vv-button" data-do="stop" hidden>Stop</button>
<button type="button" class="vv-button vv-away" data-do="forget" hidden>Forget</button></div>
</article></template></div>"""
_LIVENESS: Final = (
    ("as the service is set", ""),
    ("report: said of everybody", "report"),
    ("require: only the live are named", "require"),
)
_ONLY_ADMIN: Final = (
    "You may look. To add, start, stop or forget cameras a key needs the scope admin."
)
_NO_PLACE: Final = (
    "The settings allow no addresses of cameras yet, so none can be added here. Whoever runs the "
    "service names hosts or networks in camera_hosts, below [service] of config.toml, or in "
    "VISAVIS_SERVICE__CAMERA_HOSTS, and starts it again."
)
_POLICIES: Final[Mapping[str, Asked]] = {
    "report": {"liveness": "report"},
    "require": {"liveness": "require"},
}
_DONE: Final = {"start": "is started", "stop": "is stopped", "forget": "is forgotten"}


def cameras_tab(desk: Desk, _: gr.Tab) -> None:
    """Draws the tab; pictures and events reach the page by the door, not by Gradio."""
    watched = gr.HTML(
        None,
        html_template=_PAGE.format(off=OFF.replace("The camera is off", "<span></span>")),
        js_on_load="visavis.cameras(element, props, watch, trigger); /* 'select' */",
        head=SCRIPT,
        answer=None,
        apply_default_css=False,
        elem_id="cameras",
        elem_classes=["vv-block"],
    )
    with gr.Column(
        visible=False, elem_id="cameras-add", elem_classes=["vv-change", "vv-form"]
    ) as form:
        gr.HTML(cards.tag("h3", "Add a camera"), apply_default_css=False)
        gr.HTML(place_note(desk.camera_hosts, desk.webcams), apply_default_css=False)
        with gr.Row(elem_classes=["vv-fields"]):
            name = gr.Textbox(label="Name", max_lines=1, max_length=200, placeholder="door")
            source = gr.Textbox(
                label="Address",
                max_lines=1,
                max_length=2000,
                placeholder="rtsp://user:password@camera.example/stream1",
                elem_id="cameras-source",
            )
        with gr.Row(elem_classes=["vv-fields"]):
            liveness = gr.Dropdown(list(_LIVENESS), value="", label="Liveness")
            shots = gr.Checkbox(label="Keep best shots, sealed", value=False)
        with gr.Row(elem_classes=["vv-go"]):
            add = gr.Button("Add", variant="primary", elem_id="cameras-go")
            close = gr.Button("Close")
        result = gr.HTML("", apply_default_css=False, elem_id="cameras-result")
    sightings_list(desk)

    async def work(ask: Ask, value: Any) -> Any:
        return gr.update(answer=await answered(ask, desk.collection, value))

    async def opened(ask: Ask) -> Any:
        return gr.update(visible=may(await ask(own_key()), "admin"))

    async def adding(ask: Ask, *values: Any) -> tuple[Any, ...]:
        said, added = await created(ask, desk.collection, *values)
        kept = [gr.update()] * 2 if not added else ["", ""]
        return said, *kept

    watched.change(desk.handler(work), watched, watched, **QUIET)
    shown = watched.select(desk.handler(opened), None, form, **QUIET)
    reveal(shown, "cameras-add")
    add.click(
        desk.handler(adding), [name, source, liveness, shots], [result, name, source], **SHOWN
    )
    close.click(lambda: (gr.update(visible=False), ""), None, [form, result], **QUIET)


def place_note(hosts: tuple[str, ...], webcams: bool) -> cards.Safe:
    """Where cameras may be, as the settings say."""
    if not hosts and not webcams:
        return cards.notice(_NO_PLACE)
    places = [f"cameras at {', '.join(hosts)}"] if hosts else []
    numbers = ["the webcams of its machine, by number (0 is the first)"] if webcams else []
    said = f"The settings allow {' and '.join(places + numbers)}."
    return cards.tag("p", said, look="vv-small")


async def answered(ask: Ask, collection: str, value: Any) -> Told:
    """How all cameras go, after what the page wants done; `number` is the page's own."""
    wanted = value if isinstance(value, dict) else {}
    told: Told = {"number": wanted.get("number"), "said": "", "look": "good"}
    try:
        if wanted.get("do") in _DONE:
            told["said"] = await _done(ask, str(wanted["do"]), str(wanted.get("id")))
    except VisavisError as error:
        told |= {"said": words.refusal(error), "look": "bad"}
    try:
        admin = may(await ask(own_key()), "admin")
        found: Page[Camera] = await ask(cameras().page())
    except VisavisError as error:
        return told | {"said": words.refusal(error), "look": "bad"}
    items = [camera_told(one, collection) for one in found]
    return told | {"cameras": items, "admin": admin, "why": "" if admin else _ONLY_ADMIN}


async def _done(ask: Ask, what: str, ident: str) -> str:
    """Does it, and says so."""
    name = (await ask(camera(ident))).name
    match what:
        case "start":
            await ask(start_camera(ident))
        case "stop":
            await ask(stop_camera(ident))
        case _:
            await ask(delete_camera(ident))
    return f"“{name}” {_DONE[what]}."


async def created(
    ask: Ask, collection: str, name: str, source: str, liveness: str, shots: bool
) -> tuple[cards.Safe, bool]:
    """What became of it, and whether there is a new camera."""
    if not name.strip() or not source.strip():
        return cards.notice("Type a name and an address first."), False
    policy = _POLICIES.get(liveness, {})
    try:
        asked = create_camera(
            name.strip(),
            source.strip(),
            collection=collection,
            policy=policy,
            options={"keep_shots": bool(shots)},
        )
        found = await ask(asked)
    except VisavisError as error:
        return _refused(error), False
    return cards.notice(f"“{found.name}” is watched from now on.", "good"), True


def _refused(error: VisavisError) -> cards.Safe:
    if error.code == "host_not_allowed":
        said = words.sentence(str(error).partition(": see ")[0])
        return cards.notice(f"{said} Whoever runs the service may add it to camera_hosts.", "bad")
    return cards.failure(error)
