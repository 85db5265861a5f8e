"""The environment of Gradio: nothing home, a private folder that goes."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from visavis.ui.environment import prepare


def test_the_folder_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "True")
    import os

    folder = prepare()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert os.environ["GRADIO_TEMP_DIR"] == str(folder)
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"


def test_it_goes_with_the_process() -> None:
    code = (
        "from visavis.ui.environment import prepare\n"
        "f = prepare(); (f / 'face.jpg').write_bytes(b'x'); print(f)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not Path(done.stdout.strip()).exists()
