"""Takes a picture of every tab of the web pages at two sizes, and asks that they work offline.

The service runs on a temporary gallery with the two public-domain portraits of `visavis demo`
enrolled, and watches a camera on 127.0.0.1 before which one of them moves about. Pictures go to
out/ui. Needs Chromium and playwright.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import PIL.Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from visavis.client import Client, ServiceError
from visavis.client.cameras import CameraOptions
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
def serving(
    home: Path, *flags: str, command: Sequence[str] = SERVE, hosts: Sequence[str] = ()
) -> Iterator[str]:
    """The address of a service on a gallery of its own; its temporary files go to home/tmp, and
    cameras may be at `hosts`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (home / "tmp").mkdir()
    environment = os.environ | {
        "VISAVIS_GALLERY": str(home / "gallery"),
        "VISAVIS_MASTER_KEY_FILE": str(home / "master.key"),
        "VISAVIS_CONFIG": str(home / "none.toml"),
        "VISAVIS_SERVICE__PORT": str(port),
        "VISAVIS_SERVICE__CAMERA_HOSTS": json.dumps(list(hosts)),
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


@contextmanager
def filming(image: Image) -> Iterator[str]:
    """The address of a camera on this machine: MJPEG, ten a second, of a picture that moves to and
    fro for eight seconds and is gone for two.
    """
    canvas = np.full((720, 1280, 3), 96, np.uint8)
    face = np.asarray(PIL.Image.fromarray(image).resize((520, 640)))
    frames, away = [jpeg(canvas)] * 20, threading.Event()
    for step in range(80):
        shown, left = canvas.copy(), 200 + 5 * abs(40 - step)
        shown[60:700, left : left + 520] = face
        frames.append(jpeg(shown))

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            number = 0
            while not away.wait(0.1):
                data, number = frames[number % len(frames)], number + 1
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                try:
                    self.wfile.write(head.encode() + data + b"\r\n")
                except OSError:
                    return

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/film"
    finally:
        away.set()
        server.shutdown()
        server.server_close()


def watch(address: str, film: str) -> None:
    """One camera that watches, and one that is stopped."""
    options: CameraOptions = {"keep_shots": True, "absence_timeout": 1.0}
    with Client(address) as client:
        client.create_camera("front door", film, options=options)
        client.create_camera("loading bay", f"{film}/bay", enabled=False)


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


def cameras(page: Page, people: dict[str, Image]) -> None:
    front = page.locator('.vv-camera:has-text("front door")')
    expect(front.locator("canvas")).to_be_visible(timeout=90_000)
    expect(page.locator(".vv-sighting").first).to_contain_text(COLLINS)
    page.locator(".vv-sighting button:visible").first.click()
    expect(page.locator(".vv-sighting img").first).to_be_visible()
    page.click(".vv-new")
    expect(page.locator("#cameras-add")).to_contain_text("127.0.0.1")
    expect(front).to_contain_text("1 person in view")


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
    "Cameras": cameras,
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
        filming(portraits()[COLLINS]) as film,
        serving(Path(home), hosts=("127.0.0.1",)) as address,
        sync_playwright() as playwright,
    ):
        enrol_portraits(address)
        watch(address, film)
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
