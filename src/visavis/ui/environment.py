"""What Gradio must find before it is imported: no messages home, and a temporary folder of its own.

Pictures reach the pages' handlers as text and stay in memory; the folder is there for whatever
Gradio might write in spite of that, and goes with the process.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_RUN_HISTORY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def prepare() -> Path:
    """Sets the environment, and gives the private folder (mode 0700) that is removed at exit."""
    os.environ.update(_SETTINGS)
    folder = Path(tempfile.mkdtemp(prefix="visavis-ui-"))
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
