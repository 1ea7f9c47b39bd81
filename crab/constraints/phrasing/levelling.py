"""Differences that change nothing of what is asked, made equal.

Templates go through the same steps as what people write, so a line here can make two sentences equal, but then the
table knows if they mean different things. A line must never drop a word that narrows what is asked: "in the second
paragraph", "on average" and "except in quotations" stay, and a sentence that holds them is not in the table.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# Private use: they stand for quotations, for some that are joined with "or", and for a number.
QUOTED: Final = "\ue000"
EITHER: Final = "\ue001"
NUMBER: Final = "\ue002"

EXAMPLES: Final = {"title": "<<title>>", "starred": "*example*", "bracketed": "[example]"}
"""What stands for a title in angular brackets, marked words and a placeholder, whatever they are."""

_Rule = tuple[str, str, str]
"""What must occur for the rule to be worth trying ("" for always), a regular expression, its replacement."""

_SPELLING: tuple[_Rule, ...] = (
    ("’", r"’", "'"),
    (" %", r" %", "%"),
    ("cent", r" ?\bper ?cent\b", "%"),
    ("n't", r"\b(?:do|does)n't\b", "not"),
    ("n't", r"\b(?:must|should|ca|may|wo)n't\b", "must not"),
    ("n't", r"\b(is|are)n't\b", r"\1 not"),
    ("i'd", r"\bi'd\b", "i would"),
    ("it's", r"\bit's\b", "it is"),
    ("not", r"\b(?:do|does) not\b", "not"),
    ("not", r"\b(?:cannot|can not|may not)\b", "must not"),
    ("never", r"\bnever\b", "not"),
    ("per", r"\bupper[ -]case\b", "uppercase"),
    ("lower", r"\blower[ -]case\b", "lowercase"),
    (  # what an example shows, the sentence says too, or no template knows it
        "",
        r",? \(?(?:such as|like|as in|i\.e\.?,?|e\.g\.?,?|for example,?|example:) ?"
        rf"(?:{'|'.join(map(re.escape, EXAMPLES.values()))})\)?",
        "",
    ),
)

_ADJECTIVES = r"(?:entire |whole |full |final |complete |overall |total )?"
_WORKS = (
    "response|answer|reply|output|text|essay|article|story|poem|song|haiku|limerick|blog post|post|tweet"
    "|report|speech|document|itinerary|resume|proposal|pitch|riddle|joke"
)
_FRAME: tuple[_Rule, ...] = (
    ("please", r",? please$|\bplease,? ", ""),
    (
        "",
        rf"\b(?:your|the|this) {_ADJECTIVES}(?:{_WORKS})(?:'s)?(?: (?:length|as a whole))?(?![\w'-])",
        "the response",
    ),
    ("the length", r"\bthe length of the response\b", "the response"),
    ("any ", r" in any (?:response|answer|reply)$", ""),
    (" throughout", r",? throughout$", ""),
    (
        "the response",
        r",? ?(?:anywhere )?\b(?:in|within|throughout|across|of) the response\b(?!')|^the response: ",
        "",
    ),
    ("", r"^,? (?=\w)", ""),
    (
        "",
        r"^(?:(?:kindly|also|additionally|furthermore|moreover|in addition|finally|lastly|further),? )+",
        "",
    ),
    (" also ", r"\b(must|and|not) also ", r"\1 "),
    (" you ", r"^(?:could|can|would|will) you (?:kindly )?(.*?)\??$", r"\1"),
    (
        "",
        r"^(?:make sure|make certain|ensure|be sure|be certain|see to it|take care|remember|verify|check|not forget"
        r"|it is (?:important|essential|required|necessary))(?: that| to)? (?:you )?",
        "",
    ),
    ("i not ", r"^i not want (?:you to |to see )?", "not use "),
    ("i ", r"^i (?:want|would like|need|expect) (?:you to |to see |the response to (?:be )?)?", "use "),
)

_PURPOSE = (
    "maintain|ensure|keep|improve|enhance|highlight|emphasize|emphasise|cover|provide|make|sure|all|important|aspects"
    "|are|addressed|the|quality|main|points|and|comprehensibility|it|is|thorough|informative|crucial|effectively|focus"
    "|readability|conciseness|brevity|clarity|critical|components|comprehensive|response|a|for|key|easy|to|read|concise"
    "|clear|answer|reading|understanding|in|that|better|overall|aid|help|promote|of"
)
_PURPOSES: tuple[_Rule, ...] = (
    (" to ", rf",? (?:in order )?to (?:{_PURPOSE})(?:,? (?:{_PURPOSE}))*$", ""),
    (
        "to ",
        rf"^(?:in order )?to (?:{_PURPOSE})(?: (?:{_PURPOSE}))*, (?:make sure to |ensure that |not forget to )?",
        "",
    ),
    (" for ", r",? for (?:better |more |greater )?(?:clarity|brevity|conciseness|readability|emphasis)$", ""),
)

_OUTPUT = rf"(?:the (?:words?|phrase|sentence) )?[{QUOTED}{EITHER}]"  # what is written then, word for word
_VERBS: tuple[_Rule, ...] = (
    ("add", r"^(?:please )?add (?=.*\b(?:sentences?|paragraphs?|words?|characters?)$)", "put in "),  # to what is there
    ("", rf"^(?:include|insert) (?={NUMBER} (?:sentences?|paragraphs?|words?|characters?)\b)", "put in "),
    ("", r"^(?:include|add|contain) (\w+)$", r"mention \1"),  # "include JSON" is not "use JSON"
    (
        "",
        r"\b(?:should|has to|have to|needs to|need to|shall|ought to|is to|are to|will|is required to|are required to"
        r"|is supposed to|are supposed to) (?=\w)",
        "must ",
    ),
    ("is not", r"\bis not (?:allowed|permitted) to ", "must not "),
    ("are not", r"\bare not (?:allowed|permitted) to ", "must not "),
    (
        "the response ",
        r"\bthe response (contain|include|use|end|begin|start|feature|need|consist|exceed|comprise|mention)s\b",
        r"the response must \1",
    ),
    ("the response ", r"\bthe response has\b", "the response must have"),
    ("the response ", r"\b(end|finish|close|conclude|start|begin|open) (?:the response|it) with\b", r"\1 with"),
    ("", rf"([{QUOTED}{EITHER}]) (?:appear|occur|show up|come up)s\b", r"\1 must appear"),
    ("separated", r",? (?:where (?:each|every) part is )?separated (?:by|with) (?:the )?", " separated by "),
    ("", r"^(?:divide|split) (?=the response into )", "separate "),
    ("must ", r"\bmust (not )?(?:show up|turn up|occur|come up|be used|be mentioned|be present)\b", r"must \1appear"),
    ("", r",? (?:that|which) (?:is|are|must be) (?=wrapped|enclosed|contained|represented|separated)", " "),
    ("markdown", r"\b(bullet points?|bullets?) in (?:the )?markdown(?: format| syntax)?\b", r"\1"),
    ("bullet", r"^list (?=.*\bbullet)", "use "),
    ("language", r",? (?:and )?no other languages? (?:(?:is|are|must be) )?(?:allowed|permitted)", " only"),
    ("", r"\b(?:entirely|only|exclusively|completely|solely) in (?=\w)", "in "),
    ("in ", r"\bin (?:entirely|only|exclusively|completely) ", "in "),
    ("the response not", r"\bthe response not\b", "the response must not"),
    (" is", r"\b(the response|there|it|sentence|word|letter|comma) is\b", r"\1 must be"),
    (" are", r"\b(there|words|letters|commas) are\b", r"\1 must be"),
    (
        "",
        rf"\b(?:(?:write|provide|give|produce)(?! {_OUTPUT})|include|contain|have|add|feature"
        r"|employ|incorporate|comprise|consist of|be made up of|be composed of|utili[sz]e|insert)\b(?: me\b)?",
        "use",
    ),
    (
        "",
        r"\b(?:refrain from|avoid|abstain from|without|not make use of|stay away from)\b"
        r"(?: using| use| the use of| including| any use of)*",
        "not use",
    ),
    ("use not use", r"^use not use\b", "not use"),
    ("not use", r"\bnot use (?:any|a single|a|an|the) ", "not use "),
    (" free ", r"\bfree (?:of|from) (?:any |all )?", "free of "),
    ("", r"\b(?:each|every)(?: single)?(?: one)?(?: of (?:the|your))?\b", "every"),
    (" every ", r"\bfor every (?=sentence|paragraph|word|line)", "in every "),
    (" per ", r"\bper (?=sentence|paragraph|word|line)", "in every "),
    ("require", r"\brequires? ", "must use "),
    ("only use", r"\bonly use\b", "use only"),
    ("", r"\b(?:confine|restrict|cap)(d|ed)?\b", "limit"),
    ("limited", r"\blimited\b", "limit"),
    ("", r"\b(?:surpass|go (?:beyond|over|above)|be over|be more than)\b", "exceed"),
)

_RELATIONS: tuple[_Rule, ...] = (
    (
        "min",
        rf"\b(?:(?:a |an )?(?:absolute |strict |hard )?(?:minimum|min\.?) of|(?:minimum|min\.?):?) (?={NUMBER})",
        "at least ",
    ),
    ("than", rf"\b(?:no|not) (?:fewer|less|shorter) than (?={NUMBER})", "at least "),
    (
        "max",
        rf"\b(?:(?:a |an )?(?:absolute |strict |hard )?(?:maximum|max\.?) of|(?:maximum|max\.?):?) (?={NUMBER})",
        "at most ",
    ),
    ("than", rf"\b(?:no|not) (?:more|longer) than (?={NUMBER})", "at most "),
    ("to", rf"\b(?:up to|not to exceed) (?={NUMBER})", "at most "),
    ("≥", rf"≥ ?(?={NUMBER})", "at least "),
    ("≤", rf"≤ ?(?={NUMBER})", "at most "),
    ("an", rf"\b(?:fewer than|less than|shorter than)(?= {NUMBER})", "under"),
    ("below", rf"\bbelow(?= {NUMBER})", "under"),
    ("an", rf"\b(?:more than|longer than)(?= {NUMBER})", "over"),
    ("above", rf"\babove(?= {NUMBER})", "over"),
    ("precisely", rf"\bprecisely(?= {NUMBER})", "exactly"),
    ("", rf"\b(?:about|approximately|approx\.|roughly|circa)(?= {NUMBER})", "around"),
    (f"{NUMBER}+", rf"{NUMBER}\+(?=[ -])", f"at least {NUMBER}"),
    (f"{NUMBER} or ", rf"{NUMBER} or more (?=\w)", f"at least {NUMBER} "),
    (f"{NUMBER} or ", rf"{NUMBER} or (?:fewer|less) (?=\w)", f"at most {NUMBER} "),
    (
        NUMBER,
        rf"\b(?:(?:anywhere |somewhere )?(?:between|from)|in the range of) {NUMBER} ?(?:and|to|-|–|—) ?{NUMBER}",
        f"between {NUMBER} and {NUMBER}",
    ),
    (NUMBER, rf"(?<!between ){NUMBER} ?(?:to|-|–|—) ?{NUMBER}(?= \w)", f"between {NUMBER} and {NUMBER}"),
)

_SIZE = rf"(?:(?:at least|at most|exactly|around|under|over) {NUMBER}|between {NUMBER} and {NUMBER})"
_BARE = "".join(f"(?<!{relation} {NUMBER})" for relation in ("at most", "at least", "exactly", "and"))
_SUFFIXED = rf"{NUMBER}{_BARE} (\w+(?: \w+){{0,3}}?),?"
_COUNTS: tuple[_Rule, ...] = (
    (
        "o",
        rf"{_SUFFIXED} (?:or more|(?:as a )?minimum|at (?:the (?:very )?)?least|at minimum)\b",
        rf"at least {NUMBER} \1",
    ),
    (
        "",
        rf"{_SUFFIXED} (?:or fewer|or less|(?:as a )?max(?:imum)?|at (?:the (?:very )?)?most|tops)\b",
        rf"at most {NUMBER} \1",
    ),
    ("exceed", rf"\b(must )?not exceed(?:ing)? (?={NUMBER})", r"\1be at most "),
    ("under", rf"\bnot (?:be|use) under (?={NUMBER})", "use at least "),
    ("over", rf"\bnot (?:be|use) over (?={NUMBER})", "use at most "),
    (
        "at least",
        rf"at least {NUMBER} (\w+) (?:and|but) at most {NUMBER} \1\b",
        rf"at least {NUMBER} and at most {NUMBER} \1",
    ),
    (
        "at least",
        rf"\bat least {NUMBER},? (?:and|but) at most {NUMBER}(?= \w)",
        f"between {NUMBER} and {NUMBER}",
    ),
    ("word ", r"\b(?:the )?(?:total )?word counts?\b", "the number of words"),
    ("limit of", rf"^(?:there must be|be at most|not exceed) (?:a|the) limit of (?={NUMBER})", "use at most "),
    ("use ", rf"^use (?:only|just) (?={NUMBER})", "use "),
    (
        "word limit",
        rf"^(?:(?:maintain|set|impose|observe|use|keep to) )?(?:a |the )?word limit(?: of|:) {NUMBER}(?: words)?",
        f"use at most {NUMBER} words",
    ),
    (" limit", rf"^(?:maintain|set|impose|observe|use) an? (?:upper )?limit of (?={NUMBER})", "use at most "),
    ("limit of", rf"\b(?:(?:meet|set|maintain|use) )?a lower limit of (?={NUMBER})", "use at least "),
    ("length of", rf"\b(?:meet |use )an? minimum length of (?={NUMBER})", "use at least "),
    ("length of", rf"\b(?:meet |use )an? maximum length of (?={NUMBER})", "use at most "),
    ("the number of", rf"^(?:limit|keep) the number of (\w+(?: \w+)?) (?:(?:to|at|within) )?({_SIZE})", r"use \2 \1"),
    (
        "the number of",
        rf"^(?:limit|keep) the number of (\w+(?: \w+)?) (?:to|at|within) {NUMBER}",
        rf"use at most {NUMBER} \1",
    ),
    ("the number of", rf"^the number of (\w+(?: \w+)?) must (?:be|lie|stay) ({_SIZE})$", r"use \2 \1"),
)

_PART = "(sentence|paragraph|word|line)"
_EVERY = r"(?:every |(?:all |the |your )*(?=\w+s ))"  # "the sentence" is one of them
_PARTS: tuple[_Rule, ...] = (
    ("a ", rf"^an? {_PART} must ", r"every \1 must "),
    ("must ", rf"^(?:all |all the |your |the )*{_PART}s must ", r"every \1 must "),
    (
        "to ",
        rf"^(?:limit|keep|hold) {_EVERY}{_PART}s? (?:to|at|within) (?={NUMBER})",
        r"every \1 must use at most ",
    ),
    (
        "",
        rf"^(?:limit|keep|hold) {_EVERY}{_PART}s? (?:to |at |within )?(?={_SIZE})",
        r"every \1 must use ",
    ),
    (
        "no",
        rf"^no(?:t a single)? {_PART}s? (?:must |may )?(?:exceed|(?:be |use )?over) (?={NUMBER})",
        r"every \1 must use at most ",
    ),
    (
        "no",
        rf"^no(?:t a single)? {_PART}s? (?:must |may )?(?:fall |be |use )?under (?={NUMBER})",
        r"every \1 must use at least ",
    ),
    ("must be limit", rf"^every {_PART} must be limit to (?={NUMBER})", r"every \1 must use at most "),
    ("every ", rf"^every {_PART} must (?:(?:be limit to|be|hold|count|use) )+(?={_SIZE})", r"every \1 must use "),
    ("every ", rf"^(?:use |allow |maintain )?({_SIZE}) (\w+) in every {_PART}$", r"every \3 must use \1 \2"),
    ("use ", rf"^use (?:only )?{_PART}s (?:(?:of|with|that use|that be|not) )?(?={_SIZE})", r"every \1 must use "),
    (
        "not use ",
        rf"^not use {_PART}s (?:(?:of|with|that use|that be) )?over (?={NUMBER})",
        r"every \1 must use at most ",
    ),
)

_AMOUNT = rf"(?={_SIZE})"
_ORDER: tuple[_Rule, ...] = (
    ("", r"^(?:the response|you|it) must ", ""),
    ("let ", r"^let the response ", ""),
    ("", r"^there must be ", "use "),
    ("json", r"^(?:answer|respond|reply) (?:with|in|using|as) (?=(?:only )?(?:valid )?json)", "be in "),
    ("", r"^(?:answer|respond|reply) in (?=(?:uppercase|capitals?|caps)\b)", "use only "),
    ("", rf"^(?:answer|respond|reply) (?:with|in|using|as) (?![{QUOTED}{EITHER}])", "use "),
    ("", r"(?<=[a-z]) in length$", ""),
    (" long", r"\b(words?|sentences?|paragraphs?|characters?|letters?) long$", r"\1"),
    (
        "",
        r"^(?:be|in|stay|aim for|stick to|keep to|run to|make (?:it|the response)(?: be)?|length:"
        r"|(?:keep|limit) (?:it|the response|yourself)(?: to| within)?) " + _AMOUNT,
        "use ",
    ),
    ("", "^" + _AMOUNT, "use "),
    ("in ", f"^in (?={NUMBER})", "use "),
    ("", rf"^(?:(?:keep|limit) (?:it|the response|yourself) (?:to|within)|stay within) (?={NUMBER})", "use at most "),
    (" total", rf"^(use {_SIZE} \w+(?: \w+)?) in total$", r"\1"),
    ("use a", r"^use an? (?:answer|response|reply|text) (?:(?:that is|containing|of|with) )?(?=" + _SIZE + ")", "use "),
    ("use use", r"\buse use\b", "use"),
    (" only", rf"^(use {NUMBER} \w+(?: \w+)?) only$", r"\1"),
)

_LEVELLED: Final = tuple(
    (trigger, re.compile(pattern), replacement, pattern.startswith("^"))
    for trigger, pattern, replacement in (
        *_SPELLING,
        *_FRAME,
        *_PURPOSES,
        *_VERBS,
        *_RELATIONS,
        *_COUNTS,
        *_PARTS,
        *_ORDER,
    )
)


@lru_cache(maxsize=8192)
def level(sentence: str) -> str:
    """A sentence in small letters, its quotations and numbers taken out, with synonyms made equal."""
    sentence = " ".join(sentence.split())
    for trigger, pattern, replacement, at_start in _LEVELLED:
        if trigger not in sentence:
            continue
        if not at_start:
            sentence = pattern.sub(replacement, sentence)
        elif match := pattern.match(sentence):
            sentence = match.expand(replacement) + sentence[match.end() :]
    return sentence
