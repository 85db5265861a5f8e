"""Live: the page has what its script needs."""

import json
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

import gradio as gr

from visavis.client.subjects import enrol
from visavis.service.app import create_app
from visavis.service.state import Services
from visavis.ui.desk import Desk
from visavis.ui.photos import one_photo
from visavis.ui.session import Ask, Sessions
from visavis.ui.tabs.live import live_tab, named


def test_the_page_has_collection_and_words(services: Services, tmp_path: Path) -> None:
    desk = Desk(Sessions(create_app(services), "127.0.0.1:8600"), 'sta"ff', tmp_path)
    with gr.Blocks() as page, gr.Tab("Live") as tab:
        live_tab(desk, tab)
    [made] = [block for block in page.blocks.values() if isinstance(block, gr.HTML)]
    assert 'data-collection="sta&quot;ff"' in made.html_template
    text = made.html_template.partition('data-words="')[2].partition('"')[0]
    assert json.loads(unescape(text))["decisions"]["ambiguous"] == "Too close to call"


def test_names_are_told_for_ids(run: Callable[..., Any], photo: Callable[..., list[str]]) -> None:
    async def work(ask: Ask) -> None:
        await ask(enrol("ada", one_photo(photo("ada")), name="Ada Lovelace"))

    run(work)
    found = run(named, "default", {"ids": ["ada", "zoe"]})
    assert found == {"ada": "Ada Lovelace", "zoe": "zoe"}


@pytest.mark.parametrize("value", [None, "", {}, {"ids": "ada"}])
def test_a_page_that_asks_for_nobody_is_told_nothing(run: Callable[..., Any], value: Any) -> None:
    assert run(named, "default", value) == {}
