"""The page: its header, what a key is good for, and what Gradio makes of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

import gradio as gr

from visavis.client.keys import OwnKey
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.state import Services
from visavis.ui.desk import Desk
from visavis.ui.page import TABS, build, lacking, welcomed
from visavis.ui.session import Sessions
from visavis.ui.theme import theme


def own(*scopes: str) -> OwnKey:
    return OwnKey("1", "desk", scopes, None, None)


def test_an_open_service_is_welcomed(run: Callable[..., Any]) -> None:
    head, *notices = run(welcomed, "default")
    assert all(word in head for word in ("ready", "0 people in", "open on this machine"))
    assert notices == [""] * len(TABS)


def test_a_key_learns_which_pages_are_of_no_use(services: Services) -> None:
    token = services.keys.create("<desk>", [Scope.DETECT])[1]

    async def work() -> tuple[str, ...]:
        sessions = Sessions(create_app(services), "127.0.0.1:8600")
        return await welcomed(sessions.ask(await sessions.begin(token)), "default")

    head, *notices = asyncio.run(work())
    assert "&lt;desk&gt;" in head
    assert "Sign out" in head
    useless = {name for (name, _, _), told in zip(TABS, notices, strict=True) if told}
    assert useless == {"Compare", "Identify", "Enrol", "People", "Live", "Cameras", "Audit"}


def test_one_scope_of_several_is_enough() -> None:
    assert lacking(own("enrol"), ("identify", "enrol")) == ""
    assert lacking(own("admin"), ("audit",)) == ""
    assert lacking(own(), ()) == ""
    assert "lacks the scope identify or enrol" in lacking(own("audit"), ("identify", "enrol"))


def test_a_service_that_does_not_answer_is_said(services: Services) -> None:
    services.keys.create("first", [Scope.ADMIN])

    async def work() -> tuple[str, ...]:
        return await welcomed(Sessions(create_app(services), "127.0.0.1:8600").ask(None), "default")

    head, *notices = asyncio.run(work())
    assert "Sign in again" in head
    assert len(notices) == len(TABS)


def test_no_handler_is_a_door_of_its_own(services: Services, tmp_path: Path) -> None:
    page = build(Desk(Sessions(create_app(services), "127.0.0.1:8600"), "default", tmp_path))
    functions = list(page.fns.values())
    assert len(functions) > 15
    assert {function.api_visibility for function in functions} == {"private"}
    assert page.analytics_enabled is False


def test_the_theme_loads_no_fonts() -> None:
    made = theme()
    assert made._stylesheets == []
    assert "@font-face" not in made._get_theme_css()


def test_every_tab_has_a_short_id(services: Services, tmp_path: Path) -> None:
    page = build(Desk(Sessions(create_app(services), "127.0.0.1:8600"), "default", tmp_path))
    shown = {one.label: one.elem_id for one in page.blocks.values() if isinstance(one, gr.Tab)}
    assert list(shown) == [name for name, _, _ in TABS]
    assert shown["Models and thresholds"] == "tab-models"
