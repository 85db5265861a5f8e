"""New people: what is said of them, and photos that do."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

import gradio as gr

from visavis.client.faces import liveness
from visavis.client.subjects import Enrolment, enrol
from visavis.errors import InputError, Rejection, VisavisError
from visavis.ui import cards, words
from visavis.ui.assets import SCRIPT
from visavis.ui.desk import QUIET, SHOWN, Desk, reveal
from visavis.ui.drawing import drawn
from visavis.ui.guidance import guided
from visavis.ui.photos import OFF, one_photo, photo_input, photos_of
from visavis.ui.session import Ask

_CAMERA: Final = """<div class="vv-guide"><div class="vv-label">Take photos with guidance</div>
<div class="vv-stage">{off}<video playsinline muted></video><div class="vv-oval"></div>
<div class="vv-told" role="status"></div></div><div class="vv-meter"><i></i></div>
<div class="vv-tools"><button type="button" class="vv-button" data-do="start">Start camera</button>
<button type="button" class="vv-button strong" data-do="take" hidden>Take photo now</button>
<span class="vv-small">Photos are taken by themselves when the face is good, five at most.</span>
</div></div>"""


def enrol_tab(desk: Desk, _: gr.Tab) -> None:
    """Draws the tab."""
    with gr.Row(elem_classes=["vv-side"]):
        with gr.Column(scale=3, min_width=300):
            photos = photo_input("Photos", "enrol-photos", many=True)
            camera = gr.HTML(
                None,
                html_template=_CAMERA.format(off=OFF),
                js_on_load="visavis.guide(element, props, watch)",
                head=SCRIPT,
                answer=None,
                elem_id="enrol-camera",
                elem_classes=["vv-block"],
                apply_default_css=False,
            )
        with gr.Column(scale=2, min_width=300):
            ident = gr.Textbox(label="Id", placeholder="ada", max_length=200, elem_id="enrol-id")
            name = gr.Textbox(
                label="Name (optional)",
                placeholder="Ada Lovelace",
                max_length=200,
                elem_id="enrol-name",
            )
            consent = gr.Textbox(
                label="Consent reference (optional)", placeholder="form-2025-117", max_length=200
            )
            expiry = gr.Textbox(label="Expires on (optional)", placeholder="2027-12-31")
            notes = gr.Textbox(
                label="Metadata (optional)",
                lines=2,
                max_lines=6,
                placeholder="department: archive",
            )
            button = gr.Button("Enrol", variant="primary", elem_id="enrol-go")
    result = gr.HTML("", apply_default_css=False, elem_id="enrol-result")

    async def work(ask: Ask, *values: Any) -> str:
        return await enrolled(ask, desk.collection, *values)

    fields = [photos, ident, name, consent, expiry, notes]
    reveal(button.click(desk.handler(work), fields, result, **SHOWN), "enrol-result")
    camera.change(desk.handler(looked_at), camera, camera, trigger_mode="always_last", **QUIET)


async def looked_at(ask: Ask, value: Any) -> Any:
    """What is to be better about a frame of the camera, told to the component it came from."""
    if not isinstance(value, dict) or "frame" not in value:
        return gr.skip()
    number = value.get("number")
    try:
        found = await ask(liveness(one_photo([value["frame"]])))
    except VisavisError as error:
        answer = {"words": words.refusal(error), "look": "bad", "quality": 0.0}
    else:
        answer = guided(found).as_dict()
    return gr.update(answer={"number": number, **answer})


async def enrolled(
    ask: Ask,
    collection: str,
    photos: Any,
    ident: str,
    name: str,
    consent: str,
    expiry: str,
    notes: str,
) -> str:
    """What was stored, and which photos were refused and why."""
    try:
        files = photos_of(photos)
        if not files:
            raise InputError("add a photo first")
        if not ident.strip():
            raise InputError("type an id first")
        found = await ask(
            enrol(
                ident.strip(),
                files,
                collection=collection,
                name=name.strip() or None,
                consent_ref=consent.strip() or None,
                expires_at=expiry_of(expiry),
                metadata=metadata_of(notes),
            )
        )
        refused = await asyncio.to_thread(_refused, files, found.rejected)
    except VisavisError as error:
        return await _failure(error, photos)
    return cards.joined((_card(found), refused))


def expiry_of(text: str) -> datetime | None:
    """The end of a day, in UTC; None for no text. Raises InputError."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"write the day as 2027-12-31, not {text.strip()[:40]!r}") from None
    return datetime.combine(day, time(23, 59, 59), UTC)


def metadata_of(text: str) -> dict[str, str] | None:
    """Lines of `name: value`; None for no text. Raises InputError."""
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise InputError(f"write metadata as lines of name: value, not {line[:40]!r}")
        found[name.strip()] = value.strip()
    return found or None


def _card(found: Enrolment) -> cards.Safe:
    stored = words.count(len(found.templates), "template")
    refused = words.count(len(found.rejected), "photo")
    tail = f" {refused} refused, see below." if found.rejected else ""
    kept = ", ".join(f"{one.quality:.2f}" for one in found.templates)
    said = f"{stored} stored. Quality: {kept}.{tail}"
    return cards.verdict(f"{found.subject} is enrolled", "good", said)


async def _failure(error: VisavisError, photos: Any) -> str:
    """What went wrong; of an enrolment of which nothing was accepted, each photo's reason."""
    told = getattr(error, "details", {}).get("rejected", ())
    rejected = [Rejection(int(r["index"]), str(r["code"]), str(r["reason"])) for r in told]
    if not rejected:
        return cards.failure(error)
    head = cards.verdict("Nobody was enrolled", "bad", "No photo was accepted.")
    return cards.joined((head, await asyncio.to_thread(_refused, photos_of(photos), rejected)))


def _refused(files: Sequence[bytes], rejected: Sequence[Rejection]) -> cards.Safe:
    rows = [(_thumbnail(files, one.index), f"Photo {one.index + 1}", _why(one)) for one in rejected]
    return cards.table(("", "Refused", "Why"), rows) if rows else cards.Safe()


def _why(one: Rejection) -> str:
    known = words.REFUSALS.get(one.code)
    return known or words.sentence(one.reason or one.code.replace("_", " "))


def _thumbnail(files: Sequence[bytes], index: int) -> cards.Safe:
    try:
        return cards.picture(drawn(files[index], [], side=96), f"photo {index + 1}")
    except (VisavisError, IndexError):
        return cards.Safe()
