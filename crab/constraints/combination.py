"""Responses made of two parts: two different answers, or the request and its answer."""

from __future__ import annotations

from typing import Any, Final

from crab.constraints.kinds import AS_WRITTEN, Finding, Rng, Type
from crab.constraints.phrasing import Form, Params, Phrase
from crab.constraints.quotation import quotable
from crab.constraints.shape import shape
from crab.core.text import Measures, measures

# -- two responses ---------------------------------------------------------------------------------------------------

_DIVIDER = "******"
_ALONE, _ANYWHERE = "on a line of its own", "anywhere"


def _answers(m: Measures, reading: str) -> list[str]:
    if reading == _ANYWHERE:
        return [part.strip() for part in m.text.split(_DIVIDER)]
    parts: list[list[str]] = [[]]
    for line in m.lines:
        if line.strip() == _DIVIDER:
            parts.append([])
        else:
            parts[-1].append(line)
    return ["\n".join(part).strip() for part in parts]


def _look_two(m: Measures, reading: str) -> Finding:
    answers = _answers(m, reading) if _DIVIDER in m.text else [m.body]
    # A divider at the very beginning or end divides nothing.
    answers = [a for number, a in enumerate(answers) if a or number not in (0, len(answers) - 1)]
    if len(answers) != 2 or not all(answers):
        return Finding(False, f"{len(answers)} {'part' if len(answers) == 1 else 'parts'} between six asterisks")
    different = answers[0] != answers[1]
    return Finding(different, "two different answers" if different else "twice the same answer")


two_responses = shape(
    paper="Special output format",
    meaning="Six asterisks part two answers that are not the same.",
    look=_look_two,
    readings=(_ANYWHERE, _ALONE),
    ifeval="combination:two_responses",
    phrasings=(
        "Give two different answers, separated by six asterisks (******).",
        "Write two different responses with a line of ****** between them.",
        "There should be two different answers, with nothing but ****** to part them.",
        "Answer twice, in different ways, and put ****** between the two answers.",
        "I want two different responses, divided by six asterisk symbols: ******.",
        "Offer two distinct answers; six asterisks (******) must stand between them.",
    ),
    hearings=(
        "use two different responses. responses and only responses must be separated by "
        "six asterisk symbols(:|) ******",
        "use exactly two different (responses|answers)(,|) (separated|separating them) (by|with) "
        "six (asterisk symbols|asterisks)"
        "(|:|,) ******",
        "use exactly two different (responses|answers)(,|) (separated|separating them) (by|with) "
        "six asterisk symbols (******)",
        "use two different (responses|answers)(,|) separated by six (asterisk symbols|asterisks)"
        "(|: ******|, ******| ******)",
    ),
)

# -- the request first -----------------------------------------------------------------------------------------------


class _Request(Phrase):
    """A text to be quoted, short enough for a sentence that quotes it to be read."""

    def problem(self, value: Any) -> str | None:
        if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
            return f"more than {_MOST_CHARACTERS} characters"
        return super().problem(value)


# The sentence quotes the request, because a checker sees the response alone; so only a short one can be asked for.
_MOST_CHARACTERS = 800
_REQUEST: Final = _Request(_MOST_CHARACTERS)


def _derive_repeat(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if m.lower[:1] != instruction.lower[:1] or not m.lower.startswith(instruction.lower.strip()[:20]):
        return []
    params = {"request": quotable(instruction.text)}
    if params["request"] != instruction.body:
        return []  # a quotation or a line break in it: the sentence would not show the request as it is
    sound = _REQUEST.problem(params["request"]) is None and _check_repeat(m, params, AS_WRITTEN).satisfied
    return [params] if sound else []


def _check_repeat(m: Measures, params: Params, reading: str) -> Finding:
    request = quotable(params["request"]).lower()
    begins = quotable(m.body[: 4 * len(request) + 100]).lower()
    if not begins.startswith(request):
        return Finding(False, f'begins with "{m.body[:60]}"', "the request, word for word")
    answered = len(m.lower_words) > len(measures(params["request"]).lower_words)
    return Finding(answered, "begins with the request" + ("" if answered else "; no answer follows"))


repeat_request = Type(
    paper="Special output format",
    meaning="The response begins with the request, word for word but for letter case, and then says more.",
    example={"request": "Name a river in Peru."},
    derive=_derive_repeat,
    check=_check_repeat,
    implies=lambda a, b: quotable(a["request"]).lower() == quotable(b["request"]).lower(),
    ifeval="combination:repeat_prompt",
    forms=(
        Form(
            slots={"request": _REQUEST},
            phrasings=(
                "First repeat the request {request} word for word, then answer it.",
                "Before you answer, write out the request {request} without any change.",
                "Start by repeating {request} word for word; the answer comes after it.",
                "Copy the request {request} exactly, and only then give your answer.",
                "Open with the unchanged request {request}, followed by the answer.",
                "Let the answer come after a word-for-word repetition of {request}.",
            ),
        ),
    ),
)
