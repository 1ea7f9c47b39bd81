"""The record that docs/concepts.md follows is what the code makes of it."""

from __future__ import annotations

from tests.docs import worked_record


def test_the_excerpts_are_in_step() -> None:
    page = worked_record.PAGE.read_text(encoding="utf-8")
    assert {found[2] for found in worked_record.BLOCK.finditer(page)} == set(worked_record.excerpts())
    assert page == worked_record.write(), "run `python -m tests.docs.worked_record`"
