"""Two photos: is it one person?"""

import asyncio
from typing import Any

import gradio as gr

from visavis.client.decisions import Verification, compare
from visavis.client.faces import Sample
from visavis.draw import Colour
from visavis.errors import VisavisError
from visavis.ui import cards, words
from visavis.ui.desk import SHOWN, Desk, reveal
from visavis.ui.drawing import Mark, drawn
from visavis.ui.photos import one_photo, photo_input
from visavis.ui.rates import rate_input, rate_of
from visavis.ui.session import Ask


def compare_tab(desk: Desk, _: gr.Tab) -> None:
    """Draws the tab."""
    with gr.Row(equal_height=True, elem_classes=["vv-pair"]):
        first = photo_input("First photo", "compare-a")
        second = photo_input("Second photo", "compare-b")
    with gr.Row(elem_classes=["vv-go"]):
        rate = rate_input("Pairs of strangers that may pass as one person")
        button = gr.Button("Compare", variant="primary", elem_id="compare-go")
    result = gr.HTML(
        cards.empty("Add two photos, then press Compare."),
        apply_default_css=False,
        elem_id="compare-result",
    )
    done = button.click(desk.handler(compared), [first, second, rate], result, **SHOWN)
    reveal(done, "compare-result")


async def compared(ask: Ask, first: Any, second: Any, rate: str) -> str:
    """The verdict on two photos as a card, or what went wrong."""
    try:
        a, b = one_photo(first, "two photos"), one_photo(second, "two photos")
        asked = rate_of(rate)
        if asked is None:
            found = await ask(compare(a, b, liveness="report"))
        else:
            found = await ask(compare(a, b, liveness="report", fmr=asked))
        pictures = await asyncio.to_thread(_pictures, (a, b), found)
    except VisavisError as error:
        return cards.failure(error)
    return cards.joined((_card(found), pictures))


def _card(found: Verification) -> cards.Safe:
    limit = found.threshold
    if found.accepted:
        title, look, said = "Same person", "good", "The score reaches the threshold."
    elif found.score >= limit.score:
        title, look = "Not accepted", "bad"
        said = "The score reaches the threshold, but a face does not seem to be live."
    else:
        title, look, said = "Not a match", "bad", "The score stays below the threshold."
    figures = cards.facts((("Score", f"{found.score:.2f}"), ("Threshold", f"{limit.score:.2f}")))
    line = cards.scale(found.score, limit.score, found.accepted)
    rate = cards.tag("p", words.sentence(words.stands_for(limit)), look="vv-rate")
    return cards.verdict(title, look, said, figures, line, rate)


def _pictures(photos: tuple[bytes, bytes], found: Verification) -> cards.Safe:
    colour: Colour = "match" if found.accepted else "unknown"
    made = []
    for place, (photo, sample) in enumerate(zip(photos, found.samples, strict=False), 1):
        source = drawn(photo, [Mark(sample.face, "", colour)])
        made.append(cards.picture(source, f"photo {place} with its face marked", evidence(sample)))
    return cards.tag("div", *made, look="vv-two")


def evidence(sample: Sample) -> cards.Safe:
    """Quality and liveness of a face as badges, and the quality limits that it breaks."""
    quality, look = words.quality(sample.quality.score)
    alive, alive_look = words.liveness(sample.liveness)
    broken = words.reasons(sample.quality.reasons)
    return cards.joined(
        (
            cards.badge(f"quality {quality} · {sample.quality.score:.2f}", look),
            cards.badge(alive if alive != "not checked" else "liveness not checked", alive_look),
            cards.tag("span", broken, look="vv-broken") if broken else "",
        )
    )
