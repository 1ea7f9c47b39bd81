"""Code blocks between fences."""

from __future__ import annotations

from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Choice, Form, Params
from crab.constraints.quantity import AT_LEAST, EXACTLY, amounts, counted, number_of
from crab.constraints.shape import shape
from crab.core.markdown import Fence
from crab.core.text import Measures, once


def _look_code(m: Measures, reading: str) -> Finding:
    blocks = len(m.markdown.code)
    return Finding(blocks > 0, number_of(blocks, "fenced code block", "fenced code blocks"), "" if blocks else "one")


present = shape(
    paper="Special output format",
    meaning="There is a code block between fences of backticks or tildes.",
    look=_look_code,
    phrasings=(
        "Put code into a fenced code block.",
        "Include a code block between triple backticks.",
        "Fence off the code with three backticks.",
        "Show the code in a markdown code block.",
        "There should be a fenced block of code.",
        "Wrap code in triple backticks.",
    ),
    hearings=(
        "use a (|fenced |markdown )code block",
        "use (|fenced |markdown )code blocks(| for code)",
        "(put|wrap|format) (|all |your )code (in|inside|with) (a code block|code blocks|triple backticks)",
    ),
)


number = counted(
    paper="Special output format",
    meaning="The number of code blocks between fences stands in the relation to n.",
    one="fenced code block",
    many="fenced code blocks",
    counts={"markdown": lambda m: len(m.markdown.code)},
    prefer=(EXACTLY, AT_LEAST),
    when=lambda m: len(m.markdown.code) > 1,
    forms=amounts(
        "fenced code block",
        "fenced code blocks",
        also_called=(("code block", "code blocks"), ("code snippet", "code snippets")),
    ),
)


@once
def sole_block(m: Measures) -> Fence | None:
    """The code block that the whole response is, or None."""
    blocks = m.markdown.code
    if len(blocks) != 1 or not m.body.startswith(("```", "~~~")):
        return None
    return None if any(line.strip() for line in m.lines[blocks[0].last + 1 :]) else blocks[0]


def _look_whole(m: Measures, reading: str) -> Finding:
    if sole_block(m):
        return Finding(True, "one fenced code block")
    blocks = len(m.markdown.code)
    shown = number_of(blocks, "fenced code block", "fenced code blocks")
    return Finding(False, f"{shown} and other text" if blocks else shown, "one and nothing else")


whole = shape(
    paper="Special output format",
    meaning="The whole response is one code block between fences.",
    look=_look_whole,
    phrasings=(
        "Answer with one fenced code block and nothing else.",
        "The entire output must be a single code block between triple backticks.",
        "Return nothing but a fenced code block.",
        "Put the complete answer into one fenced code block, with no text before or after it.",
        "I want just a code block: no explanation around it.",
        "Write no text outside a single fenced code block.",
    ),
    hearings=(
        "(return|output|respond with|answer with|reply with) only (the |a |)code block",
        "wrap the response in (triple backticks|a code block)",
    ),
)

_NAMES: Final = {
    "bash": "Bash",
    "c": "C",
    "cpp": "C++",
    "csharp": "C#",
    "css": "CSS",
    "csv": "CSV",
    "go": "Go",
    "html": "HTML",
    "java": "Java",
    "javascript": "JavaScript",
    "json": "JSON",
    "kotlin": "Kotlin",
    "latex": "LaTeX",
    "lua": "Lua",
    "markdown": "Markdown",
    "php": "PHP",
    "python": "Python",
    "r": "R",
    "ruby": "Ruby",
    "rust": "Rust",
    "sql": "SQL",
    "swift": "Swift",
    "typescript": "TypeScript",
    "xml": "XML",
    "yaml": "YAML",
}
_OTHER_TAGS: Final = {
    "sh": "bash",
    "shell": "bash",
    "c++": "cpp",
    "c#": "csharp",
    "cs": "csharp",
    "golang": "go",
    "js": "javascript",
    "tex": "latex",
    "md": "markdown",
    "py": "python",
    "python3": "python",
    "rb": "ruby",
    "rs": "rust",
    "ts": "typescript",
    "yml": "yaml",
}
_LANGUAGES: Final = Choice({tag: {"": name, "tag": f'"{tag}"'} for tag, name in _NAMES.items()})


def _tags(m: Measures) -> list[str]:
    return [_OTHER_TAGS.get(fence.language, fence.language) for fence in m.markdown.code if fence.language]


def _derive_language(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    return [{"language": tag} for tag in dict.fromkeys(_tags(m)) if tag in _NAMES]


def _check_language(m: Measures, params: Params, reading: str) -> Finding:
    tags = [*dict.fromkeys(_tags(m))]
    if not tags:
        unmarked = bool(m.markdown.code)
        return Finding(False, "code blocks, but none names a language" if unmarked else "no fenced code block")
    return Finding(params["language"] in tags, f"a block of {', '.join(tags)[:100]}", _NAMES[params["language"]])


language = Type(
    paper="Special output format",
    meaning="The opening fence of a code block names the language (or a usual short form of it).",
    example={"language": "python"},
    derive=_derive_language,
    check=_check_language,
    forms=(
        Form(
            slots={"language": _LANGUAGES},
            phrasings=(
                "Include a fenced code block marked as {language}.",
                "Put {language} code into a code block whose fence names the language.",
                "Show a fenced block of {language}, with the language named after the backticks.",
                "There should be a code block with the tag {language:tag} on its opening fence.",
                "Fence the {language} code off and label the fence {language:tag}.",
                "Open a code fence with {language:tag} and put the code in it.",
            ),
            hearings=(
                "use a (fenced |)code block (in|tagged|tagged as|labelled|labeled|marked|with the language) {language}",
            ),
        ),
    ),
)
