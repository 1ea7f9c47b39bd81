"""Running text, and what a response does without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Choice, Form, Params
from crab.constraints.quantity import number_of
from crab.constraints.references import addresses, bare_addresses
from crab.constraints.shape import shape
from crab.constraints.steps import numbered_steps
from crab.core.text import Measures


def _look_prose(m: Measures, reading: str) -> Finding:
    found = [
        name
        for name, present in (
            ("a list", m.markdown.items or m.dotted_lines),
            ("numbered lines", m.numbered_lines),
            ("bulleted lines", m.bullet_lines),
            ("numbered steps", numbered_steps(m)),
            ("headings", m.markdown.headings or m.heading_lines),
            ("a table", m.markdown.tables),
            ("code", m.markdown.code),
            ("JSON", m.is_json or m.json_block),
        )
        if present
    ]
    if found:
        return Finding(False, f"has {' and '.join(found)}", "plain prose")
    sentences = m.sentence_count()
    return Finding(sentences > 0, f"prose of {number_of(sentences, 'sentence', 'sentences')}")


prose = shape(
    breaks=("append_bullet", "append_heading"),
    paper="Special output format",
    meaning="There are sentences, and no list, steps, heading, table, code block or JSON.",
    look=_look_prose,
    phrasings=(
        "Write plain prose, without lists, headings or tables.",
        "Answer in running text only.",
        "Use no lists, no headings and no tables.",
        "Keep to ordinary prose.",
        "Do not break the text up into lists, tables or sections with headings.",
        "I want flowing text instead of lists and tables.",
    ),
    hearings=(
        "(write|answer|respond|reply) in (|plain |continuous |flowing )prose(| only)",
        "use (plain |continuous |flowing )prose(| only)",
    ),
)


def _markup(m: Measures) -> list[str]:
    found = m.markdown
    return [
        name
        for name, present in (
            ("list items", found.items or m.dotted_lines or m.bullet_lines or m.numbered_lines),
            ("headings", found.headings or m.heading_lines),
            ("tables", found.tables),
            ("code", found.code or "`" in m.text),
            ("bold or italics", found.bold or found.emphasis or m.starred),
            ("block quotes", found.quotes),
            ("links or images", found.links or found.images),
            ("lines that separate", found.rules),
        )
        if present
    ]


def _look_unmarked(m: Measures, reading: str) -> Finding:
    found = _markup(m)
    return Finding(not found, f"has {' and '.join(found)}" if found else "no markdown")


def _is_long(m: Measures) -> bool:
    return len(m.filled_lines) > 3 or len(m.text) > 800


unmarked = shape(
    breaks=("say_bold", "say_italics", "append_bullet"),
    paper="Special output format",
    meaning="There is no markdown: no lists, headings, tables, code, bold, italics, quotes, links or rules.",
    look=_look_unmarked,
    when=_is_long,
    phrasings=(
        "Use no markdown at all.",
        "Write plain text without any markdown.",
        "Leave out every kind of markdown formatting.",
        "The output must be plain text that needs no markdown.",
        "Do not format the text with markdown.",
        "I want unformatted text: no markdown of any sort.",
    ),
    hearings=(
        "not use (markdown|markdown formatting|markdown syntax)",
        "(use|respond in|answer in|write in) plain text only",
        "use no (markdown|markdown formatting)",
    ),
)

# -- single parts ----------------------------------------------------------------------------------------------------

_PARTS: Final[Mapping[str, Callable[[Measures], object]]] = {
    "bullet points": lambda m: m.markdown.bullets or m.dotted_lines or m.bullet_lines,
    "numbered lists": lambda m: m.markdown.numbered or m.numbered_lines or numbered_steps(m),
    "headings": lambda m: m.markdown.headings or m.heading_lines or m.markdown.bold_lines,
    "tables": lambda m: m.markdown.tables,
    "code blocks": lambda m: m.markdown.code,
    "links": lambda m: m.markdown.links or addresses(m) or bare_addresses(m),
    "images": lambda m: m.markdown.images or "<img" in m.lower,
    "bold text": lambda m: m.markdown.bold or "**" in m.text,
    "HTML tags": lambda m: m.markdown.html,
}
_HINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "bullet points": ("list", "lists", "points", "bullet", "tips", "ideas"),
    "numbered lists": ("list", "lists", "steps", "top", "rank", "order"),
    "headings": ("article", "essay", "report", "blog", "guide", "outline", "sections"),
    "tables": ("table", "compare", "comparison", "data", "versus", "vs"),
    "code blocks": ("code", "program", "function", "script", "command"),
    "links": ("link", "links", "url", "website", "websites", "source", "sources", "site", "resources"),
    "images": ("image", "images", "picture", "pictures", "photo", "photos"),
    "bold text": ("bold", "format", "markdown", "highlight"),
    "HTML tags": ("html", "web", "page", "markup"),
}
"""Words of an instruction that make a response without the part worth remarking on."""


def _derive_without(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    absent = [
        part
        for part, has in _PARTS.items()
        if any(word in instruction.vocabulary for word in _HINTS[part]) and not has(m)
    ]
    return [{"part": rng().choice(absent)}] if absent and _is_long(m) else []


def _check_without(m: Measures, params: Params, reading: str) -> Finding:
    found = bool(_PARTS[params["part"]](m))
    return Finding(not found, f"{'has' if found else 'has no'} {params['part']}")


without = Type(
    paper="Special output format",
    meaning="The response has none of the part: lists, headings, tables, code blocks, links, images, bold, HTML.",
    example={"part": "tables"},
    derive=_derive_without,
    check=_check_without,
    forms=(
        Form(
            slots={"part": Choice({part: {"": part} for part in _PARTS})},
            phrasings=(
                "Do not use any {part}.",
                "Use no {part}.",
                "There should be no {part} in the response.",
                "Leave {part} out.",
                "Manage without {part}.",
                "I do not want to see {part}.",
            ),
            hearings=("not use {part}", "(use|with) no {part}", "not (use|format with) {part}"),
        ),
    ),
)
