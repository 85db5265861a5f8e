"""One photo: who is on it?"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import gradio as gr

from visavis.client.decisions import Identification, Identified, identify
from visavis.client.subjects import subject
from visavis.draw import Colour
from visavis.errors import VisavisError
from visavis.ui import cards, words
from visavis.ui.desk import SHOWN, Desk, reveal
from visavis.ui.drawing import Mark, drawn
from visavis.ui.photos import one_photo, photo_input
from visavis.ui.rates import rate_input, rate_of
from visavis.ui.session import Ask
from visavis.ui.tabs.compare import evidence

_RATES: Final = (1e-1, 1e-2, 1e-3, 1e-4)
_LOOKS: Final[Mapping[str, tuple[str, Colour]]] = {
    "match": ("good", "match"),
    "unknown": ("quiet", "unknown"),
    "ambiguous": ("warn", "ambiguous"),
    "low_quality": ("warn", "plain"),
    "not_live": ("bad", "unknown"),
}
_MOST_NAMES: Final = 40


def identify_tab(desk: Desk, _: gr.Tab) -> None:
    """Draws the tab."""
    with gr.Row(elem_classes=["vv-side"]):
        with gr.Column(scale=2, min_width=300):
            photo = photo_input("Photo", "identify-photo")
            rate = rate_input("Strangers that may be given a name", _RATES)
            button = gr.Button("Identify", variant="primary", elem_id="identify-go")
        with gr.Column(scale=3, min_width=300):
            result = gr.HTML(
                cards.empty("Add a photo, then press Identify."),
                apply_default_css=False,
                elem_id="identify-result",
            )

    async def work(ask: Ask, value: Any, chosen: str) -> str:
        return await identified(ask, desk.collection, value, chosen)

    done = button.click(desk.handler(work), [photo, rate], result, **SHOWN)
    reveal(done, "identify-result")


async def identified(ask: Ask, collection: str, value: Any, chosen: str) -> str:
    """Who each face is: the photo with names drawn in, and a card a face."""
    try:
        photo, rate = one_photo(value), rate_of(chosen)
        if rate is None:
            found = await ask(identify(photo, collection=collection, liveness="report"))
        else:
            asked = identify(photo, collection=collection, liveness="report", fpir=rate)
            found = await ask(asked)
        found = replace(found, faces=_from_left(found.faces))
        names = await names_of(ask, collection, _ids(found))
        picture = await asyncio.to_thread(_picture, photo, found, names)
    except VisavisError as error:
        return cards.failure(error)
    faces = (_card(place, one, names) for place, one in enumerate(found.faces, 1))
    return cards.joined((_summary(found), picture, *faces))


async def names_of(ask: Ask, collection: str, ids: Iterable[str]) -> dict[str, str]:
    """Display names by id; the id itself where there is none or it cannot be had."""
    found = {}
    for ident in list(dict.fromkeys(ids))[:_MOST_NAMES]:
        try:
            found[ident] = (await ask(subject(ident, collection=collection))).name or ident
        except VisavisError:
            found[ident] = ident
    return found


def _ids(found: Identified) -> list[str]:
    return [candidate.subject for face in found.faces for candidate in face.candidates]


def _from_left(faces: Iterable[Identification]) -> tuple[Identification, ...]:
    """The faces as they stand in the photo, so that cards are found by counting."""
    return tuple(sorted(faces, key=lambda face: face.sample.face.box[0]))


def _summary(found: Identified) -> cards.Safe:
    if not found.faces:
        return cards.verdict("No face", "warn", "No face was found in the photo.")
    named = sum(face.decision == "match" for face in found.faces)
    faces = words.count(len(found.faces), "face")
    among = f"Sought among {words.count(found.templates, 'template')}."
    rate = words.sentence(words.stands_for(found.faces[0].threshold, identification=True))
    return cards.verdict(f"{faces}, {named} named", "good" if named else "quiet", f"{among} {rate}")


def _picture(photo: bytes, found: Identified, names: Mapping[str, str]) -> cards.Safe:
    several = len(found.faces) > 1
    marks = [
        Mark(
            face.sample.face,
            f"{place}. {_title(face, names)}" if several else _title(face, names),
            _LOOKS[face.decision][1],
        )
        for place, face in enumerate(found.faces, 1)
    ]
    return cards.picture(drawn(photo, marks), "the photo with its faces marked")


def _title(face: Identification, names: Mapping[str, str]) -> str:
    if face.subject is not None:
        return names.get(face.subject, face.subject)
    return words.DECISIONS[face.decision]


def _card(place: int, face: Identification, names: Mapping[str, str]) -> cards.Safe:
    look = _LOOKS[face.decision][0]
    head = cards.tag(
        "div",
        cards.tag("b", f"{place}. {_title(face, names)}"),
        cards.badge(words.DECISIONS[face.decision], look),
        evidence(face.sample),
        look="vv-row",
    )
    rows = [
        (
            names.get(one.subject, one.subject),
            cards.tag("code", one.subject),
            f"{one.score:.2f}",
            cards.badge("reached", "good")
            if one.score >= face.threshold.score
            else cards.badge("not reached"),
        )
        for one in face.candidates
    ]
    table = cards.table(("Candidate", "Id", "Score", "Threshold"), rows) if rows else ""
    margin = "" if face.margin is None else f" Lead over the next: {face.margin:.2f}."
    limit = f"Threshold {face.threshold.score:.2f}.{margin}"
    said = cards.tag("p", words.MEANINGS[face.decision], " ", limit, look="vv-said")
    return cards.tag("section", head, said, table, look=f"vv-card {look}")
