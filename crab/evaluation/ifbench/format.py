"""Rules on layout (`format:`)."""

from __future__ import annotations

import re
import string
from itertools import pairwise

from crab.evaluation.ifbench.asked import EDGE, MARKS, Asked, bare, lines_with_text, unless
from crab.evaluation.ifbench.tables import is_emoji

_BRACKETS = {")": "(", "]": "[", "}": "{"}
_DEPTH = 5
_QUOTE_DEPTH = 3
_PARTS = ("My Answer:", "My Conclusion:", "Future Outlook:")
_MINOR = frozenset(
    "a an the and but or nor for so yet as at by in of off on per to up via with from into onto over than is if".split()
)
"""Words that title case may leave small; styles differ, so that either spelling of them passes."""


def parentheses(response: str, asked: Asked) -> str | None:
    """One closing bracket at depth five or more is enough; a wrong one starts anew."""
    open_: list[str] = []
    deepest = 0
    for character in response:
        if character in _BRACKETS.values():
            open_.append(character)
            deepest = max(deepest, len(open_))
        elif character in _BRACKETS:
            if open_[-1:] == [_BRACKETS[character]]:
                open_.pop()
                if deepest >= _DEPTH:
                    return None
            else:
                open_, deepest = [], 0
    return f"no brackets closed {_DEPTH} deep"


def closed_parentheses(response: str, asked: Asked) -> str | None:
    """As `parentheses`, with all five closed."""
    open_: list[tuple[str, int]] = []  # bracket, levels closed inside it
    for character in response:
        if character in _BRACKETS.values():
            open_.append((character, 0))
        elif character in _BRACKETS:
            if not open_ or open_[-1][0] != _BRACKETS[character]:
                open_ = []
                continue
            levels = open_.pop()[1] + 1
            if levels >= _DEPTH:
                return None
            if open_:
                open_[-1] = (open_[-1][0], max(open_[-1][1], levels))
    return f"no brackets closed {_DEPTH} deep"


def quotes(response: str, asked: Asked) -> str | None:
    """Apostrophes are quotation marks, curly marks are none."""
    return _nested(response)


def quotes_without_apostrophes(response: str, asked: Asked) -> str | None:
    """As `quotes`; an apostrophe between letters is none, and curly marks are read as straight ones."""
    straight = response.translate(str.maketrans("“”‘’", "\"\"''"))
    return _nested(re.sub(r"(?<=\w)'(?=\w)", "", straight))


def _nested(text: str) -> str | None:
    open_: list[str] = []
    deepest = 0
    for character in text:
        if open_ and character == open_[-1]:
            open_.pop()
            if deepest - len(open_) >= _QUOTE_DEPTH:
                return None
        elif character in "\"'":
            open_.append(character)
            deepest = max(deepest, len(open_))
    return f"no quotation marks closed {_QUOTE_DEPTH} deep"


def quote_unquote(response: str, asked: Asked) -> str | None:
    """A response without any quotation passes, and curly marks are none."""
    text = "".join(response.replace("'\"'", "").split())
    if '""' in text:
        return "a quotation follows a quotation"
    ends = text.strip(string.digits + MARKS.replace('"', "")).endswith('"')
    return unless(not ends, "ends with a quotation")


def quote_unquote_of_some(response: str, asked: Asked) -> str | None:
    """As `quote_unquote`, with at least one quotation, and curly marks read as straight ones."""
    straight = re.sub("[“”]", '"', response)
    return unless('"' in straight, "no quotation") or quote_unquote(straight, asked)


def options(response: str, asked: Asked) -> str | None:
    """Letters have to match to the character; other answers without case, outer marks and outer blanks."""
    answers = _options(asked)
    if _are_letters(asked):
        return unless(response in answers, "not one of the options to the character")
    return unless(_core(response) in map(_core, answers), "not one of the options")


def options_by_core(response: str, asked: Asked) -> str | None:
    """As `options`, with case, outer marks and any white space free for letters too."""
    return unless(_core(response.strip()) in map(_core, _options(asked)), "not one of the options")


def _options(asked: Asked) -> list[str]:
    listed = asked.text("options")
    separator = "/" if "/" in listed else "or" if "or" in listed else ","
    return [option.strip() for option in listed.split(separator)]


def _are_letters(asked: Asked) -> bool:
    return re.match(r"\W*a\W*b\W*c\W*", asked.text("options"), re.IGNORECASE) is not None


def _core(text: str) -> str:
    return text.strip(EDGE).lower()


def newline(response: str, asked: Asked) -> str | None:
    lines = [line for line in bare(response).strip().split("\n") if line]
    words = bare(response).split()
    return unless(len(lines) == len(words), f"{len(words)} words on {len(lines)} lines")


def newline_words(response: str, asked: Asked) -> str | None:
    """As `newline`, line by line: a line of two words is not made up for by a line of blanks."""
    long = [line for line in lines_with_text(response) if len(line.split()) > 1]
    return unless(not long, f"{len(long)} lines hold more than a word")


def emoji(response: str, asked: Asked) -> str | None:
    """At a sentence's end, or where Punkt cuts before it, at the start of the next."""
    sentences = [bare(sentence).strip() for sentence in asked.tables.sentences(response)]
    for sentence, following in zip(sentences, [*sentences[1:], ""], strict=True):
        if not sentence:
            return "a sentence of marks only"
        # The last character may be a variation selector.
        if not any(map(is_emoji, sentence[-2:])) and not (following and is_emoji(following[0])):
            return f"no emoji after: {sentence[-40:]}"
    return None


def line_indent(response: str, asked: Asked) -> str | None:
    """A blank line that follows another one counts as a line, and a single line is a stair."""
    lines = response.split("\n")
    for line in lines:
        if not line.strip():
            lines.remove(line)  # while walking the list: the official code skips the line behind, so that some stay
    return _stairs(lines)


def line_indent_of_text(response: str, asked: Asked) -> str | None:
    """As `line_indent`, for lines with text, of which there are at least two."""
    lines = lines_with_text(response)
    return unless(len(lines) > 1, "a single line") or _stairs(lines)


def _stairs(lines: list[str]) -> str | None:
    indents = [len(line) - len(line.lstrip(" ")) for line in lines]
    for place, (one, other) in enumerate(pairwise(indents), 2):
        if other <= one:
            return f"line {place} is indented by {other} after {one}"
    return None


def listed(response: str, asked: Asked) -> str | None:
    """The separator counts wherever it stands."""
    found = response.count(asked.text("sep"))
    return unless(found >= 2, f"{found} separators")


def listed_lines(response: str, asked: Asked) -> str | None:
    """As `listed`, at the start of lines."""
    found = sum(line.strip().startswith(asked.text("sep")) for line in response.split("\n"))
    return unless(found >= 2, f"{found} lines begin with the separator")


def thesis(response: str, asked: Asked) -> str | None:
    """One passage in italics with text behind it is enough, and its tags need not be a pair."""
    start = _first(response, "<i>", "<em>")
    if start < 0:
        return "no italics"
    rest = response[start:]
    end = _first(rest, "</i>", "</em>")
    if end < 0:
        return "italics that don't end"
    if not rest[3:end].strip():
        return "nothing in italics"
    return unless(bool(rest[end + 4 :].strip()), "no text behind the italics")


def thesis_in_tags(response: str, asked: Asked) -> str | None:
    """As `thesis`, with a pair of tags around text, and text behind it."""
    found = re.search(r"<(i|em)>\s*[^\s<][^<]*</\1>\s*[^\s<]", response)
    return unless(found is not None, "no thesis in a pair of italics tags with text behind")


def _first(text: str, tag: str, other: str) -> int:
    place = text.find(tag)
    return place if place >= 0 else text.find(other)


def sub_bullets(response: str, asked: Asked) -> str | None:
    """Any asterisk is a bullet, any hyphen behind it a sub-bullet, and a response without bullets passes."""
    lacking = sum("-" not in part for part in response.split("*")[1:])
    return unless(lacking == 0, f"{lacking} asterisks without a hyphen behind")


def sub_bullet_lines(response: str, asked: Asked) -> str | None:
    """As `sub_bullets`, for marks that begin a line, with at least one bullet."""
    bullets: list[int] = []
    for line in response.split("\n"):
        if re.match(r"\s*\*\s", line):
            bullets.append(0)
        elif bullets and re.match(r"\s*-\s", line):
            bullets[-1] += 1
    return unless(bool(bullets) and all(bullets), f"sub-bullets of each bullet: {bullets}")


def no_bullets_bullets(response: str, asked: Asked) -> str | None:
    """Sentences may end in anything; any line but a bullet ends the bullets, and fails."""
    sentences, bullets, counting = 0, 0, True
    for line in response.split("\n"):
        if line.strip().startswith("*"):
            if sentences < 2:
                return f"{sentences} sentences before the bullets"
            bullets, counting = bullets + 1, False
        elif counting:
            found = asked.tables.sentences(line.strip())
            sentences += len(found)
            counting = bool(found)  # a blank line ends the sentences: the next has to be a bullet
        else:
            return "a line that is no bullet after the sentences"
    return unless(bullets >= 2, f"{bullets} bullets")


def sentences_then_bullets(response: str, asked: Asked) -> str | None:
    """As `no_bullets_bullets`: sentences end in a full stop, blank lines and text behind the bullets are free."""
    lines = lines_with_text(response)
    first = next((place for place, line in enumerate(lines) if line.strip().startswith("*")), len(lines))
    before = [sentence for line in lines[:first] for sentence in asked.tables.sentences(line.strip())]
    stops = sum(sentence.endswith(".") for sentence in before)
    bullets = sum(line.strip().startswith("*") for line in lines)
    return unless(stops >= 2 and bullets >= 2, f"{stops} sentences with a full stop, then {bullets} bullets")


def title_case(response: str, asked: Asked) -> str | None:
    """Minor words have to be capitalised, and `n't` is a word; words of mixed case pass."""
    for token in asked.tables.tokens(response):
        small = token[0].isalpha() and token[0].islower()
        if small and (len(token) == 1 or token[1:].islower() or token[1:].isupper()):
            return f"{token} is not capitalised"
    return None


def title_case_words(response: str, asked: Asked) -> str | None:
    """As `title_case`, for words between white space, with minor words free."""
    for word in response.split():
        core = word.strip(EDGE + "“”‘’")
        if core[:1].islower() and core.lower() not in _MINOR:
            return f"{core} is not capitalised"
    return None


def output_template(response: str, asked: Asked) -> str | None:
    """In any order."""
    missing = [part for part in _PARTS if part not in response]
    return unless(not missing, f"without {', '.join(missing)}")


def output_template_in_order(response: str, asked: Asked) -> str | None:
    """As `output_template`, in order, from the start, with text in each part."""
    pattern = r"\s*" + r"\s*\S.*?".join(map(re.escape, _PARTS)) + r"\s*\S.*"
    return unless(re.fullmatch(pattern, response, re.DOTALL) is not None, "not the three parts in order")


def no_whitespace(response: str, asked: Asked) -> str | None:
    return unless(not any(map(str.isspace, response)), "white space")
