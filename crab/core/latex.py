r"""LaTeX: environments, braces and formulas of a text. A scanner of marks, no interpreter: macros are not expanded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from crab.core import markdown

_COMMENT: Final = re.compile(r"(?<!\\)%[^\n]*")
_MARK: Final = re.compile(r"\\(begin|end)[ \t]*\{([^{}\n]{1,40})\}|\\.|[{}]", re.DOTALL)
_DELIMITER: Final = re.compile(r"\\\\|\\[\[\]()]")
_CLOSED_BY: Final = {"\\[": "\\]", "\\(": "\\)"}
_NO_FORMULA: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Latex:
    """What the marks show."""

    environments: tuple[str, ...]
    """In the order in which they begin."""
    problem: str
    """What is not closed, or closes nothing; "" if all is balanced."""


def scan(text: str) -> Latex:
    r"""Follow `\begin`, `\end` and braces; comments and escaped signs are passed over. Linear in the text."""
    open_: list[str] = []
    environments: list[str] = []
    problem = ""
    for match in _MARK.finditer(_COMMENT.sub("", text)):
        kind, name = match[1], match[2]
        if kind == "begin":
            environments.append(name)
            open_.append(name)
        elif match[0] == "{":
            open_.append("{")
        elif kind == "end" or match[0] == "}":
            wanted = name if kind else "{"
            if not open_ or open_.pop() != wanted:
                problem = problem or f"{match[0]} closes nothing"
    if open_ and not problem:
        problem = "{ is not closed" if open_[-1] == "{" else f"\\begin{{{open_[-1]}}} is not closed"
    return Latex(tuple(environments), problem)


def formulas(text: str) -> list[str]:
    r"""What stands between `$`, `$$`, `\(` and `\)`, `\[` and `\]`, code aside."""
    if "$" not in text and "\\" not in text:
        return []
    text = _NO_FORMULA.sub(" ", text)
    found = markdown.formulas(text) if "$" in text else []
    if "\\" in text:
        found += _delimited(text)
    return [formula for formula in found if formula.strip()]


def _delimited(text: str) -> list[str]:
    found: list[str] = []
    closer, start = "", 0
    for match in _DELIMITER.finditer(text):
        if closer and match[0] == closer:
            found.append(text[start : match.start()])
            closer = ""
        elif not closer and match[0] in _CLOSED_BY:
            closer, start = _CLOSED_BY[match[0]], match.end()
    return found
