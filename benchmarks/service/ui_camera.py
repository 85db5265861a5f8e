"""Drives the web pages with a camera that plays a video of a face, and looks for what is left.

Enrols from the camera by its guidance, asks that Live names that person and nobody else, shows a
challenge to the film (which must not pass), and asks that no picture is on the disk: while the
pages are used, when the tab is closed, when the service has stopped. Needs VISAVIS_TEST_DATA (a
folder with video/), Chromium, playwright and ffmpeg.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect
from playwright.sync_api import sync_playwright as playwright_of
from ui_shots import CHROMIUM, FLAGS, open_tab, serving

from visavis.ui.words import PROMPTS

SITTER = "head-pose-face-detection-male.mp4"
STRANGER = "head-pose-face-detection-female.mp4"
ID, NAME = "sitter", "The Sitter"
MAGIC = (b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"\xff\xd8\xff\xdb", b"\x89PNG\r\n", b"WEBPVP8")
CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


class Checks:
    """Counts what holds, and says each."""

    def __init__(self) -> None:
        self.passed = 0
        self.total = 0

    def that(self, what: str, true: bool, told: object = "") -> None:
        self.total += 1
        self.passed += true
        print(f"{'ok   ' if true else 'SHORT'} {what}{f': {told}' if told != '' else ''}")


def film(video: Path, home: Path) -> Path:
    """The video as frames that a browser's camera plays over and over."""
    made = home / f"{video.stem}.mjpeg"
    scale = ("-vf", "scale=1280:720", "-r", "12", "-pix_fmt", "yuvj420p")
    kind = ("-c:v", "mjpeg", "-q:v", "2", "-f", "mjpeg")
    command = ["ffmpeg", "-loglevel", "error", "-y", "-i", str(video), *scale, *kind, str(made)]
    subprocess.run(command, check=True)
    return made


@contextmanager
def page_with(playwright: Playwright, camera: Path, address: str) -> Iterator[Page]:
    """The pages in a browser whose camera plays a film."""
    flags = [*FLAGS, *CAMERA, f"--use-file-for-fake-video-capture={camera}"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["camera"], locale="en-GB"
    )
    page = context.new_page()
    page.goto(f"{address}/ui/")
    expect(page.locator(".vv-header")).to_contain_text("in “default”", timeout=60_000)
    yield page
    context.close()
    browser.close()


def pictures_in(folder: Path) -> list[str]:
    """Files that hold the beginning of a picture, anywhere in them."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".mjpeg":
            data = path.read_bytes()
            if any(magic in data for magic in MAGIC):
                found.append(str(path.relative_to(folder)))
    return found


def pages_files(home: Path) -> list[str]:
    """What is in the pages' own temporary folder, which must be there."""
    [folder] = (home / "tmp").glob("visavis-ui-*")
    return sorted(str(path.relative_to(home)) for path in folder.rglob("*") if path.is_file())


def enrol(page: Page, checks: Checks, out: Path) -> None:
    open_tab(page, "Enrol")
    page.click('#enrol-camera [data-do="start"]')
    told = page.locator("#enrol-camera .vv-told")
    expect(told).not_to_have_text("Starting the camera…", timeout=30_000)
    try:
        shots = page.locator("#enrol-photos .vv-shot img")
        expect(shots.nth(1)).to_be_visible(timeout=60_000)
    except AssertionError:
        print(f"the guidance says: {told.text_content()}")
    page.screenshot(path=out / "camera-enrol.png", full_page=True)
    taken = page.locator("#enrol-photos .vv-shot img").count()
    checks.that("the guidance took two photos or more by itself", taken >= 2, taken)
    page.click('#enrol-camera [data-do="start"]')
    page.fill("#enrol-id input, #enrol-id textarea", ID)
    page.fill("#enrol-name input, #enrol-name textarea", NAME)
    page.click("#enrol-go")
    done = page.locator("#enrol-result .vv-title")
    expect(done).to_be_visible(timeout=60_000)
    checks.that("they were enrolled", "is enrolled" in (done.text_content() or ""))


def live(page: Page, out: Path, name: str) -> tuple[set[str], str, str]:
    """The ids of whom Live names within some seconds, its words at the end, and its figures."""
    open_tab(page, "Live")
    page.click('#live [data-do="start"]')
    expect(page.locator("#live .vv-who li").first).to_be_visible(timeout=60_000)
    named: set[str] = set()
    for _ in range(40):
        page.wait_for_timeout(100)
        for line in page.locator("#live .vv-who li").all():
            named.add(line.get_attribute("data-subject", timeout=1000) or "")
    words = page.locator("#live .vv-who").inner_text()
    figures = page.locator("#live .vv-figures").inner_text().replace("\n", " ")
    page.screenshot(path=out / f"camera-live-{name}.png", full_page=True)
    page.click('#live [data-do="start"]')
    return named - {""}, words, figures


def challenge(page: Page, checks: Checks, out: Path) -> None:
    open_tab(page, "Challenge")
    page.click('#challenge [data-do="start"]')
    prompt = page.locator("#challenge .vv-prompt b")
    end, told = page.locator("#challenge .vv-end"), set[str]()
    for _ in range(600):
        if end.is_visible():
            break
        told.add(prompt.text_content() or "")
        page.wait_for_timeout(100)
        if told & set(PROMPTS.values()) and not (out / "camera-challenge.png").exists():
            page.screenshot(path=out / "camera-challenge.png", full_page=True)
    asked = told - {"", "Starting the camera…", "Get ready"}
    checks.that("the challenge says what to do", bool(asked), ", ".join(sorted(asked)))
    expect(end).to_be_visible(timeout=90_000)
    page.screenshot(path=out / "camera-challenge-end.png", full_page=True)
    text = end.inner_text().replace("\n", " ")
    checks.that("a film does not pass the challenge", "A live person" not in text, text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/ui"))
    args = parser.parse_args()
    data = os.environ.get("VISAVIS_TEST_DATA")
    videos = Path(data or "") / "video"
    if not data or not (videos / SITTER).is_file() or shutil.which("ffmpeg") is None:
        sys.exit("expected VISAVIS_TEST_DATA with video/, and ffmpeg")
    args.out.mkdir(parents=True, exist_ok=True)
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="visavis-camera-") as folder:
        home, films = Path(folder) / "home", Path(folder) / "films"
        home.mkdir()
        films.mkdir()
        use(
            checks,
            home,
            {name: film(videos / name, films) for name in (SITTER, STRANGER)},
            args.out,
        )
        left = pictures_in(home)
        checks.that("no picture is left when the service has stopped", not left, left)
        kept = [path.name for path in (home / "tmp").glob("visavis-ui-*")]
        checks.that("the pages' temporary folder is gone", not kept, kept)
    good = checks.passed == checks.total
    print(f"checks passed: {checks.passed} of {checks.total} {'ok' if good else 'SHORT'}")
    sys.exit(0 if good else 1)


def use(checks: Checks, home: Path, films: dict[str, Path], out: Path) -> None:
    """All that happens while the service runs."""
    with serving(home) as address, playwright_of() as playwright:
        with page_with(playwright, films[SITTER], address) as page:
            enrol(page, checks, out)
            found, words, figures = live(page, out, "sitter")
            checks.that("Live names the person", found == {ID} and NAME in words, words)
            print(f"      {figures}")
            challenge(page, checks, out)
            written = [*pages_files(home), *pictures_in(home)]
            checks.that("no file is written while the pages are used", not written, written)
        with page_with(playwright, films[STRANGER], address) as page:
            found, *_ = live(page, out, "stranger")
            checks.that("Live names nobody else", not found, found)
        written = [*pages_files(home), *pictures_in(home)]
        checks.that("none is there when the tab is closed", not written, written)


if __name__ == "__main__":
    main()
