from __future__ import annotations

import pytest

from crab.prompts import layouts, reverse

TEXTS = ["Use exactly 3 bullet points.", "Avoid commas."]


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("sentences", "tell me about tea. Use exactly 3 bullet points. Avoid commas."),
        ("before", "Use exactly 3 bullet points. Avoid commas.\n\ntell me about tea"),
        ("lines", "tell me about tea\n\nUse exactly 3 bullet points.\nAvoid commas."),
        ("dashes", "tell me about tea\n\n- Use exactly 3 bullet points.\n- Avoid commas."),
        ("numbers", "tell me about tea\n\n1. Use exactly 3 bullet points.\n2. Avoid commas."),
    ],
)
def test_layouts(layout: str, expected: str) -> None:
    assert layouts.state("tell me about tea", TEXTS, layout) == expected


def test_without_constraints_every_layout_is_the_plain_instruction() -> None:
    assert {layouts.state(" tea? ", [], layout) for layout in ("sentences", "before", "lines")} == {"tea?"}


def test_reverse_frames_keep_braces_of_the_response() -> None:
    for frame in range(len(reverse.FRAMES)):
        asked = reverse.ask("give {json}", '{"a": "{instruction}"}', frame)
        assert "give {json}" in asked
        assert '{"a": "{instruction}"}' in asked
