"""Opens every report in a headless Chromium, phone-wide and wide: nothing cut off, nothing tiny.

Counts pages that scroll sideways as a whole, texts of figures that stick out of their figure,
boxes that hide what does not fit, and texts smaller than 10 pixels. `--reports DIR` takes others.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import verdict

from visavis.report.pdf import find_browser

REPORTS = Path(__file__).parents[2] / "docs" / "reports"
WIDTHS = (360, 768, 1280)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=4000", "--window-size=1400,900",
)  # fmt: skip
INSIDE = """<script>addEventListener("load", () => {
  const found = [], page = document.documentElement, shown = e => e.getClientRects().length
  if (page.scrollWidth > page.clientWidth) found.push(`page ${page.scrollWidth} wide`)
  for (const text of document.querySelectorAll("svg text")) {
    const t = text.getBoundingClientRect(), s = text.closest("svg").getBoundingClientRect()
    const out = Math.max(s.left - t.left, t.right - s.right, s.top - t.top, t.bottom - s.bottom)
    if (out > 2) found.push(`figure text out by ${out.toFixed(0)}: ${text.textContent}`)
    if (shown(text) && t.height < 9 && t.width < 9 * text.textContent.length / 3)
      found.push(`figure text ${t.height.toFixed(1)} high: ${text.textContent}`)
  }
  for (const box of document.querySelectorAll("body *:not(svg *)")) {
    const style = getComputedStyle(box)
    if (style.overflowX === "hidden" && box.scrollWidth > box.clientWidth + 1)
      found.push(`hidden: ${box.tagName} ${box.className}`)
    if (shown(box) && box.childElementCount === 0 && box.textContent.trim()
        && parseFloat(style.fontSize) < 10)
      found.push(`small text: ${box.textContent.slice(0, 30)}`)
  }
  parent.postMessage(JSON.stringify(found), "*")
})</script></body>"""
OUTSIDE = """<!doctype html><iframe width="{width}" height="800" src="page.html"></iframe>
<script>onmessage = m => document.body.append(Object.assign(document.createElement("pre"),
  {{textContent: m.data}}))</script>"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=Path, default=REPORTS)
    pages = sorted(parser.parse_args().reports.glob("*.html"))
    if not pages:
        sys.exit("expected reports, found none")
    faults = 0
    for page in pages:
        for width in WIDTHS:
            found = look(page.read_text("utf-8"), width)
            faults += len(found)
            print(f"{page.name} at {width}: {len(found)} faults {'; '.join(found[:5])}")
    verdict(f"faults on {len(pages)} pages", faults, 0, at_most=True)


def look(html: str, width: int) -> list[str]:
    """What is wrong with a page at a width, in pixels."""
    bare = re.sub(r"<meta[^>]*Content-Security-Policy[^>]*>", "", html, flags=re.IGNORECASE)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "page.html").write_text(bare.replace("</body>", INSIDE), "utf-8")
        Path(folder, "frame.html").write_text(OUTSIDE.format(width=width), "utf-8")
        command = [find_browser(), *FLAGS, f"--user-data-dir={folder}/profile", "--dump-dom"]
        shown = subprocess.run(
            [*command, Path(folder, "frame.html").as_uri()],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    answer = re.search(r"<pre>(.*?)</pre>", shown.stdout, re.DOTALL)
    if answer is None:
        return ["the page gave no answer"]
    return [str(fault) for fault in json.loads(answer[1].replace("&gt;", ">").replace("&lt;", "<"))]


main()
