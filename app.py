"""The web UI by the Gradio Spaces convention; needs the `ui` extra, which is not in 0.1."""

from visavis.ui import launch

launch()
