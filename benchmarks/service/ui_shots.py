"""Takes a picture of every tab of the web pages at two sizes, and asks that they work offline.

The service runs on a temporary gallery with the two public-domain portraits of `visavis demo`
enrolled. Pictures go to out/ui. Needs Chromium and playwright.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import PIL.Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from visavis.client import Client, ServiceError
from visavis.datasets.distortions import gamma, rotated
from visavis.demo import COLLINS, HOPPER, portraits
from visavis.image import encode
from visavis.types import Image

SERVE = (sys.executable, "-m", "visavis", "serve")
CHROMIUM = os.environ.get("VISAVIS_CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = {"desk": (1280, 800), "phone": (390, 844)}
WIDEST = """() => Math.max(...[...document.querySelectorAll("#tabs [role=tabpanel] *")]
  .filter((e) => e.offsetParent)
  .map((e) => e.getBoundingClientRect().right))"""
IDS = {COLLINS: "eileen-collins", HOPPER: "grace-hopper"}


@contextmanager
def serving(home: Path, *flags: str, command: Sequence[str] = SERVE) -> Iterator[str]:
    """The address of a service on a gallery of its own; its temporary files go to home/tmp."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (home / "tmp").mkdir()
    environment = os.environ | {
        "VISAVIS_GALLERY": str(home / "gallery"),
        "VISAVIS_MASTER_KEY_FILE": str(home / "master.key"),
        "VISAVIS_CONFIG": str(home / "none.toml"),
        "VISAVIS_SERVICE__PORT": str(port),
        "TMPDIR": str(home / "tmp"),
    }
    environment.pop("VISAVIS_API_KEY", None)
    with open(home / "service.log", "wb") as log:
        process = subprocess.Popen([*command, *flags], env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, process, home / "service.log")
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    with Client(address, retries=0) as client:
        for _ in range(600):
            if process.poll() is not None:
                sys.exit(f"the service ended:\n{log.read_text()[-2000:]}")
            try:
                if client.ready().ready:
                    return
            except ServiceError:
                time.sleep(0.2)
    sys.exit("expected the service to be ready within two minutes")


def jpeg(image: Image) -> bytes:
    return encode(image, "JPEG")


def enrol_portraits(address: str) -> None:
    with Client(address) as client:
        for name, image in portraits().items():
            client.enrol(
                IDS[name],
                [jpeg(image)],
                name=name,
                consent_ref="public domain",
                metadata={"source": "NASA" if name == COLLINS else "US Navy"},
            )


def upload(page: Page, place: str, *files: bytes) -> None:
    chosen = [
        {"name": f"{at}.jpg", "mimeType": "image/jpeg", "buffer": data}
        for at, data in enumerate(files)
    ]
    page.locator(f"#{place} input[type=file]").set_input_files(chosen)
    expect(page.locator(f"#{place} .vv-shot img")).to_have_count(len(files))


def open_tab(page: Page, name: str) -> None:
    """By its button, or by the menu into which it goes on a narrow screen."""
    button = page.locator(f'#tabs button[role="tab"]:has-text("{name}"):visible')
    if not button.count():
        page.locator("#tabs .overflow-menu > button").click()
        button = page.locator(f'#tabs .overflow-dropdown button:has-text("{name}")')
    button.first.click()
    expect(page.locator(f"#tab-{name.lower()}")).to_be_visible()


def compare(page: Page, people: dict[str, Image]) -> None:
    upload(page, "compare-a", jpeg(people[COLLINS]))
    upload(page, "compare-b", jpeg(gamma(people[COLLINS], 0.7)))
    page.click("#compare-go")
    expect(page.locator("#compare-result .vv-title")).to_contain_text("Same person")


def identify(page: Page, people: dict[str, Image]) -> None:
    other = PIL.Image.fromarray(rotated(people[HOPPER], 6)).resize((410, 400))
    both = np.concatenate([gamma(people[COLLINS], 0.7), np.asarray(other)], axis=1)
    upload(page, "identify-photo", jpeg(both))
    page.click("#identify-go")
    expect(page.locator("#identify-result")).to_contain_text("2 faces, 2 named")


def enrol(page: Page, people: dict[str, Image]) -> None:
    upload(page, "enrol-photos", jpeg(people[HOPPER]), jpeg(people[HOPPER][:40, :40].copy()))
    page.fill("#enrol-id input, #enrol-id textarea", IDS[HOPPER])
    page.click("#enrol-go")
    expect(page.locator("#enrol-result")).to_contain_text("is enrolled")


def people_(page: Page, people: dict[str, Image]) -> None:
    page.locator(f'#people-list [data-id="{IDS[COLLINS]}"]').click()
    expect(page.locator("#people-details")).to_contain_text("public domain")


def audit(page: Page, people: dict[str, Image]) -> None:
    page.click("#audit-verify")
    expect(page.locator("#audit-report")).to_contain_text("The chain holds")
    expect(page.locator("#audit-list")).to_contain_text("enrol")


def models(page: Page, people: dict[str, Image]) -> None:
    expect(page.locator("#models-threshold")).to_contain_text("1 in 10,000")
    expect(page.locator("#models-list")).to_contain_text("Licence of the file")


def still(page: Page, people: dict[str, Image]) -> None:
    page.wait_for_timeout(300)


TABS: dict[str, Callable[[Page, dict[str, Image]], None]] = {
    "Compare": compare,
    "Identify": identify,
    "Enrol": enrol,
    "People": people_,
    "Live": still,
    "Challenge": still,
    "Audit": audit,
    "Models": models,
    "Reports": still,
}


def shoot(
    browser: Browser, address: str, size: str, out: Path, scheme: Any
) -> tuple[int, set[str]]:
    """How many tabs showed what they should, and all hosts that were asked."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB"
    )
    page, hosts, shown = context.new_page(), set[str](), 0
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(f"{address}/ui/")
    expect(page.locator(".vv-header")).to_contain_text("in “default”", timeout=60_000)
    people = portraits()
    for name, use in TABS.items():
        open_tab(page, name)
        try:
            use(page, people)
            shown += 1
        except AssertionError as error:
            print(f"{name} at {size}: {str(error).splitlines()[0]}")
        page.wait_for_timeout(400)
        wide = page.evaluate(WIDEST)
        if wide > width:
            print(f"{name} at {size}: {wide} pixels wide")
            shown -= 1
        page.screenshot(path=out / f"{name.lower()}-{size}-{scheme}.png", full_page=True)
    context.close()
    return shown, {host for host in hosts if host}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/ui"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=30_000)
    runs = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]
    shown, hosts = 0, set[str]()
    with (
        tempfile.TemporaryDirectory(prefix="visavis-shots-") as home,
        serving(Path(home)) as address,
        sync_playwright() as playwright,
    ):
        enrol_portraits(address)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for size, scheme in runs:
            count, asked = shoot(browser, address, size, args.out, scheme)
            shown, hosts = shown + count, hosts | asked
        browser.close()
    foreign = hosts - {urlsplit(address).netloc}
    print(f"hosts asked besides the service: {', '.join(sorted(foreign)) or 'none'}")
    wanted = len(TABS) * len(runs)
    good = shown == wanted and not foreign
    print(f"tabs shown: {shown} (needs {wanted}) {'ok' if good else 'SHORT'}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
