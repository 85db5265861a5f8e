"""Lists that are read page by page, on and back."""

from dataclasses import dataclass
from typing import Any

import gradio as gr


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a list a page stands: the cursors that led to it, and that of the next page."""

    cursors: tuple[str | None, ...] = (None,)
    next: str | None = None

    @property
    def cursor(self) -> str | None:
        """That of the page itself."""
        return self.cursors[-1]

    def turned(self, step: int) -> "Place":
        """One page on or back, as far as there are any; 0 is from the start."""
        match step:
            case 1 if self.next is not None:
                return Place((*self.cursors, self.next))
            case -1 if len(self.cursors) > 1:
                return Place(self.cursors[:-1])
            case 0:
                return Place()
            case _:
                return Place(self.cursors)

    @property
    def buttons(self) -> tuple[Any, Any]:
        """Updates of the buttons back and on: there where they lead somewhere."""
        back, on = len(self.cursors) > 1, self.next is not None
        return gr.update(visible=back), gr.update(visible=on)


def page_buttons(back: str, on: str) -> tuple[gr.Button, gr.Button]:
    """The two buttons, hidden until there is more than a page."""
    with gr.Row(elem_classes=["vv-pages"]):
        return gr.Button(f"← {back}", visible=False), gr.Button(f"{on} →", visible=False)
