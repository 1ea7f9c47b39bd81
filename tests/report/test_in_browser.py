"""The report in headless Chromium, at the width of a desk and of a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from crab.report import page
from tests.report import chromium, small_project

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("width", [1240, 390, 320])
def test_it_opens(small: Path, width: int) -> None:
    small_project.journal(small)
    file = small / "report.html"
    file.write_text(page.render(page.build(small, small_project.DEFAULTS)), encoding="utf-8")
    seen = chromium.look(file, width)
    assert seen.console == []
    assert seen.page["resources"] == []
    assert seen.page["title"] == "small & <i>sound</i>: constraint back-translation report"
    assert seen.page["width"] <= width  # wide tables scroll in their own frames
    assert seen.page["charts"] > 20
    assert seen.page["unseen"] == 0
    assert seen.page["links"] == 0
    assert seen.page["text"] > 5000


def test_the_browser_would_tell(small: Path) -> None:
    """The test above can fail: a policy like the report's refuses a picture aloud, and what is wide is seen."""
    file = small / "other.html"
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    wide = '<svg class="chart" style="width:900px"></svg><nav><a href="#nowhere">x</a></nav>'
    file.write_text(f'<!doctype html>{policy}<title>t</title><img src="https://example.org/x.png">{wide}')
    seen = chromium.look(file, 390)
    assert any("example.org/x.png" in line for line in seen.console)
    assert (seen.page["width"] > 800, seen.page["links"]) == (True, 1)
