"""One table of sentences for both directions: rendering fills a sentence's slots, parsing looks the sentence up.

A sentence is written once, as a template::

    Use at least {n} [bullet point|bullet points].

`{n}` is a slot (`{n:word}` prefers "three" to "3", `{n:+1}` writes one more); `[one|many]` agrees with the number or
list nearest before it, else with the next one. Templates that are only understood, never written, may also hold
alternatives: `(be|stay) under {n:+1} words`.

To read a sentence, its quotations and numbers are taken out and synonyms are levelled; what is left, its *skeleton*,
is looked up in a dict made from the templates by the very same steps. So whatever is rendered parses back, reading
takes linear time, and two templates that look alike but mean different things are found when the table is made.

`slots` holds what fills a template, `forms` the templates, `skeleton` and `levelling` what a sentence is reduced to,
`lexicon` the table, `parts` how a text of several constraints is cut. A type needs only the names below.
"""

from crab.constraints.phrasing.forms import Form, fill, render
from crab.constraints.phrasing.lexicon import Lexicon
from crab.constraints.phrasing.parts import read_all
from crab.constraints.phrasing.skeleton import skeleton
from crab.constraints.phrasing.slots import Choice, Number, Params, Phrase, Phrases, Slot, literally

__all__ = [
    "Choice",
    "Form",
    "Lexicon",
    "Number",
    "Params",
    "Phrase",
    "Phrases",
    "Slot",
    "fill",
    "literally",
    "read_all",
    "render",
    "skeleton",
]
