"""Output formats of programs: HTML, XML, YAML, CSV and LaTeX, as the whole output or as a fenced block."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from crab.constraints import csv_output
from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Choice, Form, Params, Phrase
from crab.constraints.shape import shape
from crab.core import csvtext, jsontext, latex, markup, yamltext
from crab.core.text import Measures, once

# -- what is wrong with a text as a document -------------------------------------------------------------------------


def _json_problem(text: str) -> str:
    value, problem = jsontext.parse(text.strip())
    return problem or ("" if isinstance(value, dict | list) else "neither an object nor an array")


def _latex_problem(text: str) -> str:
    body = text.strip()
    if not (body.startswith(("\\", "%")) and body.endswith("}")):
        return "does not begin with a command and end with a brace"
    found = latex.scan(body)
    return found.problem or ("" if found.environments else "no environment")


_PROBLEM: Final[Mapping[str, Callable[[str], str]]] = {
    "html": markup.html,
    "xml": lambda text: markup.xml(text)[1],
    "yaml": lambda text: yamltext.parse(text)[1],
    "csv": lambda text: csvtext.parse(text)[1],
    "latex": _latex_problem,
    "json": _json_problem,
}
_NAMES: Final = {"html": "HTML", "xml": "XML", "yaml": "YAML", "csv": "CSV", "latex": "LaTeX", "json": "JSON"}
_TAGS: Final = {"yml": "yaml", "tex": "latex", **{tag: tag for tag in _NAMES}}


@once
def _problem(m: Measures, tag: str) -> str:
    return _PROBLEM[tag](m.body)


def _whole(tag: str, meaning: str, said: str, when: Callable[[Measures], bool] = lambda m: True) -> Type:
    """The type of a response that is one document.

    Args:
        tag: The format.
        meaning: When it is satisfied, in one sentence.
        said: How sentences name the format.
        when: Whether such a response is worth the remark.
    """

    def look(m: Measures, reading: str) -> Finding:
        problem = _problem(m, tag)
        return Finding(not problem, f"no {_NAMES[tag]}: {problem}" if problem else f"the response is {_NAMES[tag]}")

    return shape(
        paper="Special output format",
        meaning=meaning,
        look=look,
        when=when,
        phrasings=tuple(
            template.replace("NAME", said)
            for template in (
                "Answer with NAME and nothing else.",
                "The entire output must be NAME.",
                "Format the whole response as NAME.",
                "Return nothing but NAME.",
                "I need the complete answer as NAME that a program can read.",
                "Write the response in NAME only, with no text around it.",
            )
        ),
        hearings=tuple(
            template.replace("NAME", said)
            for template in (
                "(format|return|put) the response (in|as) (|valid )NAME(| format)",
                "(respond|answer|reply) only (in|with) (|valid )NAME",
                "(return|output) only (|valid )NAME",
                "use (|valid )NAME only",
            )
        ),
    )


html = _whole(
    "html", "The whole response is HTML: known elements, closed where they must be, no text outside of them.", "HTML"
)
xml = _whole("xml", "The whole response is one well-formed XML document that declares no entities.", "XML")


_FIRST_KEY: Final = re.compile(r"(?:---\s+)?(?:- )?[A-Za-z_][\w-]*:(?:\s|$)")
_KEY: Final = re.compile(r"[A-Za-z_][\w.-]*")


def _is_record(m: Measures) -> bool:
    """Whether the keys look like a program's: prose with colons in its lines can be YAML too."""
    if not _FIRST_KEY.match(m.body):
        return False
    value = _yaml(m)
    return isinstance(value, dict) and len(value) > 1 and all(_KEY.fullmatch(str(key)) for key in value)


@once
def _yaml(m: Measures) -> Any:
    return yamltext.parse(m.body)[0]


yaml = _whole(
    "yaml",
    f"The whole response (of at most {yamltext.MAX_CHARACTERS} characters) is a block of YAML keys or items.",
    "YAML",
    _is_record,
)

csv = _whole(
    "csv",
    "The whole response is comma-separated values: at least two rows of one length, and at least two columns.",
    "CSV",
    csv_output.is_sheet,
)
latex_document = _whole(
    "latex",
    "The whole response is LaTeX: from a command to a brace, with an environment, and all of them balanced.",
    "LaTeX",
)

# -- fenced ----------------------------------------------------------------------------------------------------------


_TRIED: Final = 3
"""Fenced blocks of a format that are read: YAML is slow enough for hundreds of them to matter."""


@once
def _fenced(m: Measures) -> dict[str, str]:
    """What is wrong with the first fenced blocks of each format; "" if one of them is right."""
    found: dict[str, str] = {}
    tried: Counter[str] = Counter()
    for fence in m.markdown.code:
        tag = _TAGS.get(fence.language)
        if tag and found.get(tag) != "" and tried[tag] < _TRIED:
            tried[tag] += 1
            found[tag] = _PROBLEM[tag](fence.code)
    return found


def _derive_fenced(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    return [{"format": tag} for tag, problem in _fenced(m).items() if not problem] if m.markdown.code else []


def _check_fenced(m: Measures, params: Params, reading: str) -> Finding:
    tag = params["format"]
    problem = _fenced(m).get(tag)
    if problem is None:
        return Finding(False, f"no fenced block marked as {_NAMES[tag]}")
    return Finding(not problem, f"a block that is no {_NAMES[tag]}: {problem}" if problem else f"a {_NAMES[tag]} block")


fenced = Type(
    paper="Special output format",
    meaning=f"One of the first {_TRIED} code blocks whose fence names the format holds a valid document of it.",
    example={"format": "xml"},
    derive=_derive_fenced,
    check=_check_fenced,
    forms=(
        Form(
            slots={"format": Choice({tag: {"": name} for tag, name in _NAMES.items()})},
            phrasings=(
                "Include valid {format} in a fenced code block marked as such.",
                "Put well-formed {format} between code fences that name the format.",
                "There should be a fenced block of valid {format}, labelled with its format.",
                "Show {format} that parses, in a code block with the right label.",
                "Fence off a valid piece of {format} and name the format on the fence.",
                "Give the {format} in a code block whose opening fence says what it is, and make it valid.",
            ),
            hearings=(
                "use a (fenced |)code block of valid {format}",
                "use valid {format} in a (fenced |)code block",
            ),
        ),
    ),
)

# -- inside -----------------------------------------------------------------------------------------------------------


@once
def _root(m: Measures) -> tuple[str, str]:
    """The root element of the XML that the response is, or else of the first that it fences; and what is wrong."""
    texts = [m.body, *(fence.code for fence in m.markdown.code if fence.language == "xml")]
    found = [markup.xml(text) for text in texts if text.lstrip()[:1] == "<"]
    return next((pair for pair in found if not pair[1]), found[0] if found else ("", "no element"))


def _derive_root(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    root, problem = _root(m)
    return [{"tag": root}] if not problem and _ELEMENT.problem(root) is None else []


def _check_root(m: Measures, params: Params, reading: str) -> Finding:
    root, problem = _root(m)
    if problem:
        return Finding(False, f"no XML: {problem}")
    return Finding(root == params["tag"], f"the root element is <{root[:60]}>", f"<{params['tag']}>")


_ELEMENT: Final = Phrase(1)

xml_root = Type(
    paper="Special output format",
    meaning="The root element of the XML, the response or the first fenced one, has the name.",
    example={"tag": "catalogue"},
    derive=_derive_root,
    check=_check_root,
    forms=(
        Form(
            slots={"tag": _ELEMENT},
            phrasings=(
                "The root element of the XML must be {tag}.",
                "Name the root element of the XML {tag}.",
                "Let {tag} be the outermost element of the XML.",
                "Wrap the whole XML in an element called {tag}.",
                "Use {tag} as the root element of the XML.",
                "The outermost XML element should have the name {tag}.",
            ),
            hearings=("use (a|the) root element {tag} in the XML",),
        ),
    ),
)
