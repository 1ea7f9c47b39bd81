"""Words and lines that markdown sets off."""

from __future__ import annotations

import re
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params, Phrases
from crab.constraints.quantity import AT_LEAST, EXACTLY, amounts, counted
from crab.core.text import Measures, once

highlighted = counted(
    breaks=("drop_bold", "drop_stars", "say_bold"),
    paper="Key formatting",
    meaning="The number of spans in markdown italics or bold stands in the relation to n.",
    one="highlighted span",
    many="highlighted spans",
    counts={
        "markdown": lambda m: m.markdown.emphasis + len(m.markdown.bold),
        "starred": lambda m: m.starred,
    },
    prefer=(AT_LEAST, AT_LEAST, EXACTLY),
    fewest=1,
    ifeval="detectable_format:number_highlighted_sections",
    forms=amounts(
        "span",
        "spans",
        relations=(AT_LEAST, EXACTLY),
        own={
            AT_LEAST: (
                "Highlight at least {n} [word or phrase|words or phrases] with asterisks, *like this*.",
                "Set at least {n} [expression|expressions] in *italics* or **bold**.",
                "There should be {n} or more *highlighted* [part|parts].",
                "Mark no fewer than {n} [passage|passages] with markdown emphasis.",
                "Emphasise at least {n:word} [word or phrase|words or phrases] in markdown.",
                "Use *asterisks* to bring out at least {n} [term|terms].",
            ),
            EXACTLY: (
                "Highlight exactly {n} [word or phrase|words or phrases] with asterisks, *like this*.",
                "Set exactly {n} [expression|expressions] in *italics* or **bold**.",
                "There should be exactly {n} *highlighted* [part|parts].",
                "Mark {n} [passage|passages], no more and no fewer, with markdown emphasis.",
                "Emphasise exactly {n:word} [word or phrase|words or phrases] in markdown.",
                "Use *asterisks* to bring out exactly {n} [term|terms].",
            ),
        },
        also_called=(("highlighted section", "highlighted sections"), ("highlighted word", "highlighted words")),
        heard={
            AT_LEAST: (
                "highlight at least {n} [section|sections](| with markdown)(|, i.e. *highlighted section*)",
                "highlight at least {n} [section|sections] in the response with markdown, i.e. *highlighted section*",
                "highlight at least {n} (words|phrases|parts|terms)",
                "use (markdown|*|asterisks) to highlight(|/bold) at least {n} (|text )[section|sections]",
                "highlight at least {n} text [section|sections](| with markdown| in markdown)",
                "highlight at least {n} [section|sections] in markdown",
                "highlight at least {n} (|text )[section|sections] by wrapping every of them with asterisks",
                "at least {n} [section|sections] must be highlighted(| with markdown| in markdown)",
            ),
            EXACTLY: ("highlight exactly {n} [section|sections](| with markdown)",),
        },
    ),
)

_BOLD = re.compile(r"\*\*[^\n*]+\*\*|__[^\n_]+__")
_BOLD_LINE = re.compile(r"^[ \t]*(?:\*\*[^\n*]+\*\*|__[^\n_]+__)[ \t]*+:?[ \t]*+$", re.MULTILINE)


def _bold_marks(m: Measures) -> int:
    return len(_BOLD.findall(m.text)) if "**" in m.text or "__" in m.text else 0


def _bold_lines(m: Measures) -> int:
    return len(_BOLD_LINE.findall(m.text)) if "**" in m.text or "__" in m.text else 0


bold = counted(
    breaks=("drop_bold", "say_bold"),
    paper="Key formatting",
    meaning="The number of spans in markdown bold stands in the relation to n.",
    one="bold span",
    many="bold spans",
    counts={"markdown": lambda m: len(m.markdown.bold), "marks": _bold_marks},
    prefer=(AT_LEAST, AT_LEAST, EXACTLY),
    forms=amounts(
        "bold word or phrase",
        "bold words or phrases",
        relations=(AT_LEAST, EXACTLY),
        also_called=(
            ("word or phrase in bold", "words or phrases in bold"),
            ("bold phrase", "bold phrases"),
            ("phrase in bold", "phrases in bold"),
            ("bolded phrase", "bolded phrases"),
        ),
        heard={
            AT_LEAST: ("(bold|put in bold) at least {n} [phrase|phrases]",),
            EXACTLY: ("(bold|put in bold) exactly {n} [phrase|phrases]",),
        },
    ),
)

italics = counted(
    breaks=("drop_italics", "say_italics", "drop_stars"),
    paper="Key formatting",
    meaning="The number of spans in markdown italics stands in the relation to n.",
    one="span in italics",
    many="spans in italics",
    counts={"markdown": lambda m: m.markdown.emphasis},
    prefer=(AT_LEAST, AT_LEAST, EXACTLY),
    forms=amounts(
        "word or phrase in italics",
        "words or phrases in italics",
        relations=(AT_LEAST, EXACTLY),
        also_called=(
            ("italic word or phrase", "italic words or phrases"),
            ("italic phrase", "italic phrases"),
            ("phrase in italics", "phrases in italics"),
            ("italicized phrase", "italicized phrases"),
            ("italic text section", "italic text sections"),
            ("italic text phrase", "italic text phrases"),
        ),
        heard={
            AT_LEAST: (
                "(italicize|italicise) at least {n} (|text )([section|sections]|[part|parts]|[word|words])"
                "(| with markdown| in markdown)",
                "use (markdown|*|asterisks) to (italicize|italicise) at least {n} (|text )[section|sections]",
            ),
        },
    ),
)

bold_headings = counted(
    paper="Key formatting",
    meaning="The number of lines outside lists that are all bold, as headings are, stands in the relation to n.",
    one="bold heading",
    many="bold headings",
    counts={"markdown": lambda m: len(m.markdown.bold_lines), "lines": _bold_lines},
    prefer=(AT_LEAST, EXACTLY),
    forms=amounts(
        "heading on a line of its own, set in bold",
        "headings on lines of their own, set in bold",
        relations=(AT_LEAST, EXACTLY),
        own={
            relation: tuple(
                template.replace("COUNT", f"{relation} {{n}}")
                for template in (
                    "Use COUNT bold [heading|headings], each on its own line.",
                    "Put COUNT **bold** [heading|headings] over the parts of the text.",
                    "There should be COUNT [line|lines] that [is|are] all bold, as [a heading|headings].",
                    "Structure the text with COUNT [heading|headings] in bold.",
                    "Write COUNT bold [heading|headings] on [a line|lines] of [its|their] own.",
                    "I want COUNT [heading|headings] set in bold.",
                )
            )
            for relation in (AT_LEAST, EXACTLY)
        },
        also_called=(("bold heading", "bold headings"), ("bold subheading", "bold subheadings")),
    ),
)

# -- what is in bold -------------------------------------------------------------------------------------------------

_PHRASES: Final = Phrases(4)
_WORD = re.compile(r"\w+")


def spoken(text: str) -> str:
    """The words with a space around each, so that case, marks and white space do not matter."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


@once
def _said_in_bold(m: Measures) -> list[str]:
    return [spoken(span) for span in m.markdown.bold]


def _derive_phrases(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    spans = [span for text in m.markdown.bold if _PHRASES.problem([span := text.strip(" :.,")]) is None]
    spans = [*{spoken(span): span for span in spans}.values()]
    if not spans:
        return []
    places = sorted(rng().sample(range(len(spans)), min(len(spans), rng().choice((1, 1, 2)))))
    return [{"phrases": [spans[place] for place in places]}]


def _check_phrases(m: Measures, params: Params, reading: str) -> Finding:
    said = _said_in_bold(m)
    plain = [phrase for phrase in params["phrases"] if not any(spoken(phrase) in span for span in said)]
    return Finding(not plain, f'"{plain[0]}" is not in bold' if plain else "in bold as asked")


bold_phrases = Type(
    paper="Key formatting",
    meaning="Each of the phrases stands in a span of markdown bold somewhere; case and punctuation do not matter.",
    example={"phrases": ["first aid"]},
    derive=_derive_phrases,
    check=_check_phrases,
    implies=lambda a, b: all(any(spoken(y) in spoken(x) for x in a["phrases"]) for y in b["phrases"]),
    forms=(
        Form(
            slots={"phrases": _PHRASES},
            phrasings=(
                "Put {phrases} in bold.",
                "Set {phrases} in **bold**.",
                "Show {phrases} in markdown bold.",
                "Make {phrases} stand out in bold type.",
                "There should be {phrases} in bold somewhere.",
                "Highlight {phrases} by means of **bold** markdown.",
            ),
            hearings=("(bold|make bold) (the [word|words] |the [phrase|phrases] |){phrases}", "make {phrases} bold"),
        ),
    ),
)
