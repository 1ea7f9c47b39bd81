"""How a prompt states its constraints, and how a list of constraints is written down."""

from __future__ import annotations

from collections.abc import Sequence


def state(instruction: str, constraints: Sequence[str], layout: str) -> str:
    """The instruction with its constraints in one of the layouts of `conf/mix`; alone when there are none.

    Raises:
        KeyError: No such layout.
    """
    instruction = instruction.strip()
    if not constraints:
        return instruction
    if layout == "sentences":
        return f"{_closed(instruction)} {' '.join(_closed(text) for text in constraints)}"
    if layout == "before":
        return f"{' '.join(_closed(text) for text in constraints)}\n\n{instruction}"
    return f"{instruction}\n\n{_LISTS[layout](constraints)}"


def listed(constraints: Sequence[str]) -> str:
    """The answer of the reverse task: one constraint a line."""
    return _dashes(constraints)


def _closed(text: str) -> str:
    return text if text[-1:] in ".!?:\"'" else text + "."


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(texts)


def _dashes(texts: Sequence[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _numbers(texts: Sequence[str]) -> str:
    return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))


_LISTS = {"lines": _lines, "dashes": _dashes, "numbers": _numbers}
