"""How the pages look: the colours of the reports, light and dark, in the fonts of the machine."""

from typing import Final

from gradio.themes import Base
from gradio.themes.utils import colors, sizes

_BLUE: Final = colors.Color(
    name="visavis",
    c50="#eaf3fb",
    c100="#d3e6f7",
    c200="#a9cdef",
    c300="#7cb2e4",
    c400="#4ba3e3",
    c500="#1f7fbf",
    c600="#0a5cad",
    c700="#094e93",
    c800="#0a3f75",
    c900="#0b3259",
    c950="#081f38",
)
_GREY: Final = colors.Color(
    name="slate",
    c50="#f8fafb",
    c100="#f4f6f8",
    c200="#e4e9ed",
    c300="#d1d9e0",
    c400="#9aa5b1",
    c500="#717c88",
    c600="#59636e",
    c700="#363d47",
    c800="#262c35",
    c900="#1d2229",
    c950="#14171c",
)
_SANS: Final = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
_MONO: Final = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def theme() -> Base:
    """Gradio's theme; `style.css` does the rest."""
    made = Base(
        primary_hue=_BLUE,
        secondary_hue=_BLUE,
        neutral_hue=_GREY,
        text_size=sizes.text_md,
        radius_size=sizes.radius_md,
        font=_SANS,
        font_mono=_MONO,
    )
    return made.set(
        body_background_fill="#f4f6f8",
        body_background_fill_dark="#14171c",
        body_text_color="#1f2328",
        body_text_color_dark="#e6edf3",
        body_text_color_subdued="#59636e",
        body_text_color_subdued_dark="#9aa5b1",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1d2229",
        background_fill_secondary="#f4f6f8",
        background_fill_secondary_dark="#14171c",
        block_background_fill="#ffffff",
        block_background_fill_dark="#1d2229",
        block_border_width="0px",
        block_shadow="none",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_title_text_weight="600",
        block_title_text_color="#1f2328",
        block_title_text_color_dark="#e6edf3",
        block_label_text_color="#1f2328",
        block_label_text_color_dark="#e6edf3",
        border_color_primary="#d1d9e0",
        border_color_primary_dark="#363d47",
        input_background_fill="#f8fafb",
        input_background_fill_dark="#14171c",
        input_border_width="1px",
        input_placeholder_color="#6b7682",
        input_placeholder_color_dark="#8b96a3",
        button_primary_background_fill="#0a5cad",
        button_primary_background_fill_hover="#094e93",
        button_primary_background_fill_dark="#4ba3e3",
        button_primary_background_fill_hover_dark="#7cb2e4",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#0d1117",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#262c35",
        button_secondary_border_color="#d1d9e0",
        button_secondary_border_color_dark="#363d47",
        button_secondary_background_fill_hover="#f4f6f8",
        button_secondary_background_fill_hover_dark="#363d47",
        button_cancel_background_fill="#b3410a",
        button_cancel_background_fill_hover="#8f3408",
        button_cancel_background_fill_dark="#e06c14",
        button_cancel_background_fill_hover_dark="#ff9d63",
        button_cancel_text_color="#ffffff",
        button_cancel_text_color_dark="#0d1117",
        button_border_width="1px",
        link_text_color="#0a5cad",
        link_text_color_dark="#7cbcf5",
    )
