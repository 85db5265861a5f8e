"""HTML printed to PDF by a Chromium of the machine."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from visavis.errors import ConfigError, MissingTool

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_SECONDS: Final = 120
_DATES: Final = re.compile(rb"/(CreationDate|ModDate) \(D:[^)]*\)")
"""Blanked at their length: the page says its date, and files should not differ by the minute."""
_FLAGS: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def as_pdf(page: str) -> bytes:
    """The HTML page on A4. Raises MissingTool without Chromium, ConfigError where it fails."""
    browser = find_browser()
    with TemporaryDirectory(prefix="visavis-pdf-") as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page, encoding="utf-8")
        flags = [*_FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}"]
        # Chromium's sandbox does not work for root.
        flags += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        _run([browser, *flags, source.as_uri()])
        if not target.exists():
            raise ConfigError(f"expected a PDF from {Path(browser).name}, got none")
        return _DATES.sub(lambda found: b" " * len(found[0]), target.read_bytes())


def find_browser() -> str:
    """Chromium or Chrome: what VISAVIS_CHROMIUM names, or the first found. Raises MissingTool."""
    wanted = os.environ.get("VISAVIS_CHROMIUM")
    for name in [wanted] if wanted else BROWSERS:
        if found := shutil.which(name):
            return found
    raise MissingTool(
        f"a PDF needs Chromium: expected {wanted or ', '.join(BROWSERS)} on the PATH, found none; "
        "install it, or name it in VISAVIS_CHROMIUM"
    )


def _run(command: list[str]) -> None:
    """Runs the browser; on a timeout its whole process group ends, not the first process alone."""
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)
    except OSError as error:
        raise ConfigError(f"the browser does not start: {error.strerror}") from None
    with process:
        try:
            code = process.wait(_SECONDS)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise ConfigError(f"expected a PDF within {_SECONDS} s, got none") from None
            raise
    if code:
        raise ConfigError(f"expected the browser to print, it ended with code {code}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
