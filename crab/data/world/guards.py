"""Guards against gaming on the built-in world: is it still this world's language, and is it on its topic.

A model can meet constraints by breaking everything else. These two say so, beside every accuracy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache

from crab.data.world import vocabulary
from crab.data.world.draws import BLOCK, Clause, Draw, Format, Mark, render

ON_TOPIC_SHARE = 0.8
"""Least share of a response's nouns that its topic knows; two topics of one domain share 62 % of theirs on average."""

_TITLE = re.compile(r"<<the (\w+) (\w+)>>")
_NUMBER = {
    "bullets": re.compile(r"(-) (.+)"),
    "numbered": re.compile(r"(\d)\. (.+)"),
    "steps": re.compile(r"step (\d): (.+)"),
    "table": re.compile(r"\| (\d) \| (.+) \|"),
}


def is_grammatical(response: str) -> bool:
    """Whether this response has the form of the world's responses, about any topic or a mixture of them.

    The response is taken apart into draws; it is grammatical if those draws are written exactly like it. Form only: the
    world never lets a thing act on itself ("the lamp faces one lamp"), but small models often do, greedily decoded.
    """
    drawn = parse(response)
    return drawn is not None and render(drawn) == response


def on_topic(response: str, topic: str) -> bool:
    """Whether at least 80 % of the response's nouns (two or more) are the topic's.

    Raises:
        ValueError: The world has no such topic.
    """
    known = frozenset(vocabulary.lexicon(topic).nouns)
    nouns = [word for word in re.findall(r"[a-z]+", response.lower()) if word in _nouns()]
    return len(nouns) >= 2 and sum(noun in known for noun in nouns) >= ON_TOPIC_SHARE * len(nouns)


def parse(response: str) -> Draw | None:
    """The draws that a response shows, or None. Spacing and order are for `is_grammatical` to judge."""
    text = response.lower()
    capitals = response != text
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    if quoted:
        text = text[1:-1]
    if text.startswith("{"):
        return _json(text, capitals, quoted)
    blocks = text.split(BLOCK)
    title = _TITLE.fullmatch(blocks[0])
    if title and title[1] in vocabulary.adjectives() and title[2] in _nouns():
        blocks = blocks[1:]
    else:
        title = None
    postscript: Clause | None = None
    if blocks and blocks[-1].startswith(vocabulary.POSTSCRIPT + " "):
        postscript = _statement(blocks.pop()[len(vocabulary.POSTSCRIPT) + 1 : -1])
        if postscript is None:
            return None
    if not blocks:
        return None
    body = _prose(blocks) if _list_format(blocks) is None else _list(blocks)
    if body is None:
        return None
    format_, opening, parts, ending, mark = body
    clauses = tuple(clause for part in parts for clause in part)
    if not 2 <= len(clauses) <= 4 or not _guests_fit(clauses, postscript):
        return None
    return Draw(
        format=format_,
        clauses=clauses,
        mark=mark,
        capitals=capitals,
        parts=tuple(len(part) for part in parts),
        opening=opening,
        ending=ending,
        title=(title[1], title[2]) if title else None,
        postscript=postscript,
        quoted=quoted,
    )


_Body = tuple[Format, str | None, list[list[Clause]], str | None, Mark]


def _json(text: str, capitals: bool, quoted: bool) -> Draw | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if quoted or not isinstance(value, dict) or not all(isinstance(sentence, str) for sentence in value.values()):
        return None
    split = _split(value.values())
    if split is None or not 2 <= len(split[0]) <= 4 or not _guests_fit(split[0], None):
        return None
    return Draw("json", tuple(split[0]), split[1], capitals, (len(split[0]),))


def _list_format(blocks: list[str]) -> Format | None:
    """Which list one of the first two blocks holds, if any."""
    for block in blocks[:2]:
        if block.startswith("| item"):
            return "table"
        for format_, start in (("bullets", "- "), ("numbered", "1. "), ("steps", "step 1: ")):
            if block.startswith(start):
                return format_  # type: ignore[return-value]
    return None


def _list(blocks: list[str]) -> _Body | None:
    format_ = _list_format(blocks)
    assert format_ is not None
    opening = blocks.pop(0) if blocks[0] in vocabulary.OPENINGS else None
    lines = blocks.pop(0).split("\n")
    if format_ == "table":
        lines = lines[2:]
    found = [_NUMBER[format_].fullmatch(line) for line in lines]
    split = _split(match[2] for match in found if match)
    if split is None or not all(found) or len(blocks) > 1:
        return None
    ending = blocks[0][:-1] if blocks else None
    if ending is not None and ending not in vocabulary.ENDINGS:
        return None
    return format_, opening, [split[0]], ending, split[1]


def _prose(blocks: list[str]) -> _Body | None:
    format_: Format = "plain"
    if blocks[0] == vocabulary.GREETING:
        format_, blocks = "letter", blocks[1:]
    if not blocks or any(block != vocabulary.SEPARATOR for block in blocks[1::2]):
        return None
    paragraphs = blocks[::2]
    opening = None
    if format_ == "plain":
        opening = next((phrase for phrase in vocabulary.OPENINGS if paragraphs[0].startswith(phrase + " ")), None)
        if opening:
            paragraphs[0] = paragraphs[0][len(opening) + 1 :]
    sentences = [re.split(r"(?<=[.!]) ", paragraph) for paragraph in paragraphs]
    ending = None
    if sentences[-1][-1][:-1] in vocabulary.ENDINGS:
        ending = sentences[-1].pop()[:-1]
    split = _split(sentence for part in sentences for sentence in part)
    if split is None or not all(sentences):
        return None
    clauses = iter(split[0])
    return format_, opening, [[next(clauses) for _ in part] for part in sentences], ending, split[1]


def _split(sentences: Iterable[str]) -> tuple[list[Clause], Mark] | None:
    """The clauses of marked sentences and the mark of the first; None where one is not of this world."""
    texts = list(sentences)
    clauses = [_statement(text[:-1]) for text in texts]
    found = [clause for clause in clauses if clause is not None]
    if not texts or len(found) < len(texts) or texts[0][-1] not in ".!":
        return None
    return found, "!" if texts[0][-1] == "!" else "."


def _guests_fit(clauses: Iterable[Clause], postscript: Clause | None) -> bool:
    """At most two guest words, no word twice, none in the postscript; nothing highlighted there either."""
    guests = [clause.guest for clause in clauses if clause.guest]
    plain_postscript = postscript is None or (postscript.guest is None and not postscript.highlighted)
    return len(guests) <= 2 and len(set(guests)) == len(guests) and plain_postscript


@cache
def _nouns() -> frozenset[str]:
    return frozenset(vocabulary.nouns())


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    nouns, verbs, adjectives, guests = (
        "|".join(words)
        for words in (vocabulary.nouns(), vocabulary.verbs(), vocabulary.adjectives(), vocabulary.GUESTS)
    )
    slots = {
        "adjective": rf"(?P<adjective>{adjectives}|\*(?:{adjectives})\*)",
        "noun": f"(?P<noun>{nouns})",
        "verb": f"(?P<verb>{verbs})",
        "other": f"(?P<other>{nouns})",
    }
    guest = vocabulary.GUEST_PHRASE.format(f"(?P<guest>{guests})")
    return tuple(re.compile(f"{template.format(**slots)}(?:{guest})?") for template in vocabulary.TEMPLATES)


def _statement(text: str) -> Clause | None:
    for number, pattern in enumerate(_patterns()):
        if match := pattern.fullmatch(text):
            words = match.groupdict()
            adjective = words["adjective"]
            return Clause(
                template=number,
                adjective=adjective.strip("*"),
                noun=words["noun"],
                verb=words["verb"],
                other=words["other"],
                guest=words["guest"],
                highlighted=adjective.startswith("*"),
            )
    return None
