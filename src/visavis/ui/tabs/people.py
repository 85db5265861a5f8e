"""Everybody enrolled: search, look at, rename, forget."""

from typing import Any, Final

import gradio as gr

from visavis.client.operation import Page
from visavis.client.receipts import Receipt
from visavis.client.subjects import (
    Subject,
    TemplateInfo,
    forget_subject,
    rename_subject,
    subject,
    subjects,
    templates,
)
from visavis.errors import VisavisError
from visavis.ui import cards
from visavis.ui.assets import SCRIPT
from visavis.ui.desk import QUIET, SHOWN, Desk, reveal
from visavis.ui.paging import Place, page_buttons
from visavis.ui.session import Ask

_COLUMNS: Final = ("Name", "Id", "Templates", "Enrolled", "Until")


def people_tab(desk: Desk, tab: gr.Tab) -> None:
    """Draws the tab."""
    place, chosen = gr.State(Place()), gr.State("")
    with gr.Row(elem_classes=["vv-go"]):
        search = gr.Textbox(
            label="Search", placeholder="part of an id or a name", elem_id="people-search"
        )
        refresh = gr.Button("Search", variant="primary", elem_id="people-go")
    listing = gr.HTML(
        "",
        js_on_load="visavis.rows(element, trigger); /* 'select' */",
        head=SCRIPT,
        apply_default_css=False,
        elem_id="people-list",
    )
    back, on = page_buttons("Back", "More")
    details = gr.HTML("", apply_default_css=False, elem_id="people-details")
    with gr.Column(visible=False, elem_classes=["vv-change"]) as change:
        with gr.Row():
            to = gr.Textbox(label="New id", max_length=200, elem_id="people-new-id")
            rename = gr.Button("Rename", elem_id="people-rename")
        with gr.Row():
            sure = gr.Textbox(
                label="Type the id to forget this person for good", elem_id="people-sure"
            )
            forget = gr.Button("Forget", variant="stop", elem_id="people-forget")

    name = desk.collection

    def turning(step: int) -> Any:
        async def work(ask: Ask, text: str, at: Place) -> tuple[Any, ...]:
            page, place = await listed(ask, name, text, at.turned(step))
            return page, place, *place.buttons

        return desk.handler(work)

    async def show(ask: Ask, ident: str) -> tuple[Any, ...]:
        card, found = await shown(ask, name, ident)
        return card, found, gr.update(visible=bool(found)), "", ""

    async def renaming(ask: Ask, ident: str, new: str) -> tuple[Any, ...]:
        card, found = await renamed(ask, name, ident, new)
        return card, found, "", ""

    async def forgetting(ask: Ask, ident: str, typed: str) -> tuple[Any, ...]:
        card, left = await forgotten(ask, name, ident, typed)
        return card, left, gr.update(visible=bool(left)), ""

    outputs = [listing, place, back, on]
    refresh.click(turning(0), [search, place], outputs, **SHOWN)
    tab.select(turning(0), [search, place], outputs, **QUIET)
    search.submit(turning(0), [search, place], outputs, **SHOWN)
    on.click(turning(1), [search, place], outputs, **SHOWN)
    back.click(turning(-1), [search, place], outputs, **SHOWN)
    picked = listing.select(desk.picked(show), None, [details, chosen, change, to, sure], **SHOWN)
    reveal(picked, "people-details")
    rename.click(desk.handler(renaming), [chosen, to], [details, chosen, to, sure], **SHOWN).then(
        turning(0), [search, place], outputs, **QUIET
    )
    forget.click(
        desk.handler(forgetting), [chosen, sure], [details, chosen, change, sure], **SHOWN
    ).then(turning(0), [search, place], outputs, **QUIET)


async def listed(ask: Ask, collection: str, search: str, at: Place) -> tuple[str, Place]:
    """A page of people, and where it stands."""
    try:
        found: Page[Subject] = await ask(
            subjects(collection=collection, search=search.strip() or None).page(at.cursor)
        )
    except VisavisError as error:
        return cards.failure(error), Place()
    if not found.items:
        nobody = "Nobody is enrolled who matches." if search.strip() else "Nobody is enrolled yet."
        return cards.empty(nobody), Place()
    rows = [cards.row(_COLUMNS, _cells(one), data_id=one.id, tabindex="0") for one in found]
    heads = (cards.tag("th", text, scope="col") for text in _COLUMNS)
    head = cards.tag("thead", cards.tag("tr", *heads))
    table = cards.tag("table", head, cards.tag("tbody", *rows), look="pick")
    return cards.tag("div", table, look="vv-table"), Place(at.cursors, found.next)


def _cells(one: Subject) -> tuple[object, ...]:
    until: object = "no end" if one.expires_at is None else f"{one.expires_at:%Y-%m-%d}"
    if one.expired:
        until = cards.badge("expired", "bad")
    enrolled = f"{one.created_at:%Y-%m-%d}"
    name = cards.tag("b", one.name) if one.name else "no name"
    return name, cards.tag("code", one.id), one.templates, enrolled, until


async def shown(ask: Ask, collection: str, ident: str) -> tuple[str, str]:
    """The card of a person, and the id; no id where they cannot be shown."""
    try:
        found = await ask(subject(ident, collection=collection))
        kept = await ask(templates(ident, collection=collection).page())
    except VisavisError as error:
        return cards.failure(error), ""
    return _card(found, kept.items), found.id


def _card(found: Subject, kept: tuple[TemplateInfo, ...]) -> cards.Safe:
    until = f"{found.expires_at:%Y-%m-%d %H:%M} UTC" if found.expires_at else "no end"
    facts = cards.facts(
        (
            ("Id", cards.tag("code", found.id)),
            ("Enrolled", f"{found.created_at:%Y-%m-%d %H:%M} UTC"),
            ("Consent", found.consent_ref or "not stated"),
            ("Expires", until),
            *((key, value) for key, value in found.metadata.items()),
        )
    )
    rows = [
        (cards.tag("code", one.id), f"{one.quality:.2f}", f"{one.enrolled_at:%Y-%m-%d %H:%M}")
        for one in kept
    ]
    table = cards.table(("Template", "Quality", "Added (UTC)"), rows)
    title = cards.tag("h3", found.name or found.id)
    return cards.tag("section", title, facts, table, look="vv-card")


async def renamed(ask: Ask, collection: str, ident: str, to: str) -> tuple[str, str]:
    """The card under the new id, and that id."""
    try:
        if not to.strip():
            return cards.notice("Type the new id first."), ident
        found = await ask(rename_subject(ident, to.strip(), collection=collection))
    except VisavisError as error:
        return cards.failure(error), ident
    return await shown(ask, collection, found.id)


async def forgotten(ask: Ask, collection: str, ident: str, typed: str) -> tuple[str, str]:
    """The receipt, and no id; or what is missing, and the id as it was."""
    if not ident:
        return cards.notice("Choose somebody in the list first."), ""
    if typed.strip() != ident:
        return cards.notice(f"Nothing was done. Type “{ident}” to forget this person."), ident
    try:
        found = await ask(forget_subject(ident, collection=collection))
    except VisavisError as error:
        return cards.failure(error), ident
    return _receipt(found), ""


def _receipt(found: Receipt) -> cards.Safe:
    facts = cards.facts(
        (
            ("Pseudonym in the audit log", cards.tag("code", found.pseudonym)),
            ("Templates destroyed", found.templates),
            ("Keys destroyed", found.keys_destroyed),
            ("Audit record", f"number {found.audit_seq}"),
            ("At", f"{found.at:%Y-%m-%d %H:%M:%S} UTC"),
            ("Beyond reach", "; ".join(found.beyond_reach) or "nothing"),
        )
    )
    said = "The key was destroyed, and everything stored under it. This is the receipt."
    return cards.verdict("Forgotten", "good", said, facts)
