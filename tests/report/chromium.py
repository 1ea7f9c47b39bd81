"""A page opened in headless Chromium, as a reader would see it."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import browser

PROBE = """<!doctype html><title>waiting</title><body style="margin:0">
<iframe id="frame" style="border:0;width:{width}px;height:900px" src="{address}"></iframe>
<script>
document.getElementById("frame").onload = function () {{
  const page = this.contentDocument, window_ = this.contentWindow;
  page.querySelectorAll("details").forEach((details) => {{ details.open = true; }});
  const box = (node) => node.getBoundingClientRect();
  const drawn = [...page.querySelectorAll("svg.chart")];
  const found = {{
    width: page.documentElement.scrollWidth,
    charts: drawn.length,
    unseen: drawn.filter((svg) => box(svg).width < 20 || box(svg).height < 10).length,
    title: page.title,
    text: page.body.innerText.length,
    links: [...page.querySelectorAll("nav a")].filter((a) => !page.querySelector(a.hash)).length,
    resources: window_.performance.getEntriesByType("resource").map((entry) => entry.name),
  }};
  document.title = "done";
  const said = document.createElement("pre");
  said.textContent = JSON.stringify(found);
  document.body.append(said);
}};
</script>"""


@dataclass(frozen=True)
class Seen:
    """What the browser found."""

    console: list[str]
    """Messages of the console: errors, and what the page's policy refused."""
    page: dict[str, Any]
    """Measures of the page with everything unfolded."""


def look(page: Path, width: int) -> Seen:
    """Open a page at a width of so many pixels; skips the test where there is no browser."""
    probe = page.with_name("probe.html")
    probe.write_text(PROBE.format(width=width, address=html.escape(page.as_uri())), encoding="utf-8")
    options = ("--allow-file-access-from-files", "--window-size=1280,1000")
    done = browser.open_page(probe.as_uri(), page.with_name("browser"), *options)
    found = re.search(r"<pre>(.*?)</pre>", done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    return Seen(re.findall(r":CONSOLE[^\"]*\"(.*)\"", done.stderr), json.loads(html.unescape(found[1])))
