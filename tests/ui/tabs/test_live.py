"""Live: the page has what its script needs."""

import json
from html import unescape
from pathlib import Path

import pytest

pytest.importorskip("gradio")

import gradio as gr

from visavis.service.app import create_app
from visavis.service.state import Services
from visavis.ui.desk import Desk
from visavis.ui.session import Sessions
from visavis.ui.tabs.live import live_tab


def test_the_page_has_collection_and_words(services: Services, tmp_path: Path) -> None:
    desk = Desk(Sessions(create_app(services), "127.0.0.1:8600"), 'sta"ff', tmp_path)
    with gr.Blocks() as page, gr.Tab("Live") as tab:
        live_tab(desk, tab)
    [made] = [block for block in page.blocks.values() if isinstance(block, gr.HTML)]
    assert 'data-collection="sta&quot;ff"' in made.html_template
    text = made.html_template.partition('data-words="')[2].partition('"')[0]
    assert json.loads(unescape(text))["decisions"]["ambiguous"] == "Too close to call"
