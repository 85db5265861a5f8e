"""Error rates as people choose them: one in so many strangers, never a score."""

import gradio as gr

from visavis.errors import InputError
from visavis.ui import words


def rate_input(label: str, rates: tuple[float, ...] = words.RATES) -> gr.Dropdown:
    """A choice among rates, and what the service is set to."""
    choices = [
        ("As the service is set", ""),
        *((words.one_in(rate), f"{rate:g}") for rate in rates),
    ]
    return gr.Dropdown(choices, value="", label=label, interactive=True, filterable=False)


def rate_of(chosen: object) -> float | None:
    """The rate that was chosen; None leaves it to the service. Raises InputError."""
    if chosen is None or chosen == "":
        return None
    try:
        return float(str(chosen))
    except ValueError:
        raise InputError("expected a rate of the list") from None
