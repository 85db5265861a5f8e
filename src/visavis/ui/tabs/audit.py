"""The audit log: its newest records, and whether anybody changed it."""

from typing import Any, Final

import gradio as gr

from visavis.audit import Action
from visavis.client.audit import AuditRecord, AuditReport, audit, verify_audit
from visavis.errors import VisavisError
from visavis.ui import cards, words
from visavis.ui.desk import QUIET, SHOWN, Desk
from visavis.ui.paging import Place, page_buttons
from visavis.ui.session import Ask

_EVERY: Final = ""
_SHOWN_DETAILS: Final = 6
_LONGEST: Final = 24


def audit_tab(desk: Desk, tab: gr.Tab) -> None:
    """Draws the tab."""
    place = gr.State(Place())
    choices = [("all actions", _EVERY), *((str(a).replace("_", " "), str(a)) for a in Action)]
    with gr.Row(elem_classes=["vv-go"]):
        action = gr.Dropdown(choices, value=_EVERY, label="Action", elem_id="audit-action")
        show = gr.Button("Show newest", variant="primary", elem_id="audit-go")
        verify = gr.Button("Verify chain", elem_id="audit-verify")
    report = gr.HTML("", apply_default_css=False, elem_id="audit-report")
    listing = gr.HTML("", apply_default_css=False, elem_id="audit-list")
    back, on = page_buttons("Newer", "Older")

    def turning(step: int) -> Any:
        async def work(ask: Ask, chosen: str, at: Place) -> tuple[Any, ...]:
            page, place = await recorded(ask, chosen, at.turned(step))
            return page, place, *place.buttons

        return desk.handler(work)

    outputs = [listing, place, back, on]
    show.click(turning(0), [action, place], outputs, **SHOWN)
    tab.select(turning(0), [action, place], outputs, **QUIET)
    action.input(turning(0), [action, place], outputs, **SHOWN)
    on.click(turning(1), [action, place], outputs, **SHOWN)
    back.click(turning(-1), [action, place], outputs, **SHOWN)
    verify.click(desk.handler(verified), None, report, **SHOWN)


async def recorded(ask: Ask, action: str, at: Place) -> tuple[str, Place]:
    """A page of records, the newest first, and where it stands."""
    try:
        found = await ask(audit(action=action or None).page(at.cursor))
    except VisavisError as error:
        return cards.failure(error), Place()
    if not found.items:
        return cards.empty("No such record."), Place()
    columns = ("Number", "When (UTC)", "Action", "Collection", "Subject", "Details")
    table = cards.table(columns, map(_row, found), "wide")
    return table, Place(at.cursors, found.next)


def _row(one: AuditRecord) -> tuple[object, ...]:
    who = cards.tag("code", f"{one.subject[:12]}…", title=one.subject) if one.subject else ""
    said = [(name, value) for name, value in one.details.items() if value not in ("", None)]
    told = "; ".join(f"{name} {_short(value)}" for name, value in said[:_SHOWN_DETAILS])
    action = cards.badge(one.action.replace("_", " "))
    when = f"{one.at:%Y-%m-%d %H:%M:%S}"
    return one.seq, when, action, one.collection or "", who, cards.tag("small", told)


def _short(value: object) -> str:
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


async def verified(ask: Ask) -> str:
    """Whether the chain holds, as a card."""
    try:
        found = await ask(verify_audit())
    except VisavisError as error:
        return cards.failure(error)
    return _card(found)


def _card(found: AuditReport) -> cards.Safe:
    if not found.intact:
        return cards.verdict("The log was changed", "bad", words.sentence(found.problem or ""))
    records = words.count(found.records or 0, "record")
    anchored = (
        "A head kept elsewhere confirms its end."
        if found.anchored
        else "No head kept elsewhere confirms its end: a cut tail would not show."
    )
    seq, mac = found.head or (0, "")
    head = cards.facts((("Last record", seq), ("Its MAC", cards.tag("code", mac))))
    return cards.verdict("The chain holds", "good", f"{records} checked. {anchored}", head)
