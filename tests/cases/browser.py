"""A headless browser, and the size of pages in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# in an iframe of the width of a device; what sticks out of the page or of its own box is named
PROBE = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe id="f" style="width:{width}px;height:900px;border:0" srcdoc="{page}"></iframe>
<pre id="out">nothing</pre>
<script>
const boxes = "pre, .spec, .spec div, .versions, .versions div, td, th, svg, h1, p, li";
document.getElementById("f").onload = () => {{
  const d = document.getElementById("f").contentDocument, w = d.documentElement.clientWidth, cut = [];
  for (const e of d.querySelectorAll(boxes)) {{
    const r = e.getBoundingClientRect(), inside = !e.clientWidth || e.scrollWidth <= e.clientWidth + 1;
    if (r.width && (r.right > w + 1 || r.left < -1 || !inside)) cut.push(e.outerHTML.slice(0, 80));
  }}
  const style = getComputedStyle(d.body), spec = d.querySelector(".spec, .versions");
  const pictures = [...d.querySelectorAll("svg")].map(e => e.getBoundingClientRect().width);
  document.getElementById("out").textContent = JSON.stringify({{
    scroll: d.documentElement.scrollWidth, width: w, cut, paper: style.backgroundColor, ink: style.color,
    pictures, top: spec.getBoundingClientRect().top,
  }});
}};
</script>"""


def browser() -> str:
    """The program. The test is skipped where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    return found


def shown(page: str, width: int, folder: Path, dark: bool = False) -> dict[str, Any]:
    """A page as a window of so many pixels shows it: what is cut off, colours, widths of pictures."""
    probe = folder / "probe.html"
    probe.write_text(PROBE.format(width=width, page=escape(page)), encoding="utf-8")
    # 0 is dark, 1 is light
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1600,1000", scheme]
    command += [
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=4000",
        "--dump-dom",
        probe.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    out = re.search(r'<pre id="out">(.*?)</pre>', done.stdout, re.DOTALL)
    assert out is not None, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(unescape(out[1]))
    return found
