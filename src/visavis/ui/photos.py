"""Photos that come from a page: chosen, dropped, pasted, or taken by a camera, all without a file.

Gradio's own picture component puts what is uploaded into a folder; this one hands it over as text.
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Sequence
from typing import Any, Final

import gradio as gr

from visavis.errors import InputError
from visavis.ui.assets import SCRIPT

_TEMPLATE: Final = """<div class="vv-photo" data-many="{many}" role="group" aria-label="{label}"
tabindex="0">
<div class="vv-label">{label}</div>
<div class="vv-drop"><div class="vv-hint">{icon}<b>{call}</b>
<span>or drop or paste {it} here</span></div>
<div class="vv-shots"></div><video class="vv-video" playsinline muted hidden></video></div>
<div class="vv-tools"><button type="button" class="vv-button" data-do="choose">Choose file</button>
{camera}<button type="button" class="vv-button" data-do="clear" hidden>Remove</button></div>
<p class="vv-trouble" role="alert" hidden></p>
<input type="file" accept="image/*,.heic,.heif" {several} hidden></div>"""
_CAMERA: Final = """<button type="button" class="vv-button" data-do="camera">Camera</button>
<button type="button" class="vv-button strong" data-do="take" hidden>Take photo</button>
"""
_ICON: Final = (
    '<svg viewBox="0 0 24 24" width="30" height="30" fill="none" stroke="currentColor" '
    'stroke-width="1.5" aria-hidden="true"><rect x="3" y="5" width="18" height="14" rx="2.5"/>'
    '<circle cx="12" cy="11" r="2.6"/><path d="M7.2 17.2c1.1-2 2.8-3 4.8-3s3.7 1 4.8 3"/></svg>'
)

OFF: Final = (
    '<div class="vv-off"><svg viewBox="0 0 24 24" width="34" height="34" fill="none" '
    'stroke="currentColor" stroke-width="1.5" aria-hidden="true"><rect x="2.5" y="6" width="13" '
    'height="12" rx="2.5"/><path d="m15.5 11 6-3.5v9l-6-3.5"/></svg>The camera is off</div>'
)
"""What stands where a camera's picture will be."""


def photo_input(label: str, elem_id: str, *, many: bool = False) -> gr.HTML:
    """A place for one photo, or several (without a camera); its value is a list of data URIs."""
    markup = _TEMPLATE.format(
        label=label,
        many="yes" if many else "no",
        icon=_ICON,
        call="Add photos" if many else "Add a photo",
        it="them" if many else "it",
        camera="" if many else _CAMERA,
        several="multiple" if many else "",
    )
    return gr.HTML(
        [],
        html_template=markup,
        js_on_load="visavis.photo(element, props)",
        head=SCRIPT,
        elem_id=elem_id,
        apply_default_css=False,
        elem_classes=["vv-block"],
    )


def photos_of(value: Any) -> list[bytes]:
    """The files in a component's value. Raises InputError for what is no list of data URIs."""
    if value is None or value == "":
        return []
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputError(f"expected a list of pictures, got {type(value).__name__}")
    return [_bytes(one) for one in value]


def one_photo(value: Any, what: str = "a photo") -> bytes:
    """The only file. Raises InputError where there is none."""
    found = photos_of(value)
    if not found:
        raise InputError(f"add {what} first")
    return found[0]


def _bytes(text: object) -> bytes:
    if not isinstance(text, str) or not text.startswith("data:"):
        raise InputError("expected a picture as a data URI")
    try:
        return b64decode(text.partition(",")[2], validate=True)
    except (Error, ValueError):
        raise InputError("expected a picture as a data URI") from None
