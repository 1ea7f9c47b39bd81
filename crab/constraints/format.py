"""The shape of the whole response, and the parts that it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from crab.constraints.kinds import AS_WRITTEN, Finding, Rng, Type
from crab.constraints.phrasing import Form, Number, Params, literally
from crab.constraints.quantity import AT_LEAST, EXACTLY, amounts, asked, counted, holds, narrower, number_of, propose
from crab.constraints.structure import numbered_steps, salutation
from crab.core.text import Measures


def shape(
    paper: str,
    meaning: str,
    look: Callable[[Measures, str], Finding],
    phrasings: tuple[str, ...],
    hearings: tuple[str, ...] = (),
    readings: tuple[str, ...] = (AS_WRITTEN,),
    when: Callable[[Measures], bool] = lambda m: True,
    ifeval: str = "",
) -> Type:
    """A type without parameters: the response has a shape (and it is worth saying so `when`), or it has not."""

    def derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
        return [{}] if all(look(m, reading).satisfied for reading in readings) and when(m) else []

    return Type(
        paper=paper,
        meaning=meaning,
        example={},
        forms=(Form(slots={}, phrasings=phrasings, hearings=hearings),),
        derive=derive,
        check=lambda m, params, reading: look(m, reading),
        readings=readings,
        ifeval=ifeval,
    )


# -- JSON ------------------------------------------------------------------------------------------------------------


def _look_json(m: Measures, reading: str) -> Finding:
    value, error = m.json
    if error:
        return Finding(False, f"no JSON: {error}")
    if not m.is_json:
        return Finding(False, "JSON, but neither an object nor an array")
    return Finding(True, "a JSON object" if isinstance(value, dict) else "a JSON array")


json = shape(
    paper="Special output format",
    meaning="The whole response is one JSON object or array.",
    look=_look_json,
    ifeval="detectable_format:json_format",
    phrasings=(
        "Answer with valid JSON and nothing else.",
        "The entire output must be JSON.",
        "Format the whole response as JSON.",
        "Return nothing but a JSON value.",
        "I need the complete answer as JSON that a program can parse.",
        "Respond in JSON only.",
    ),
    hearings=(
        "use (|valid )json(| only| format)",
        "(format|return|wrap|put) the response (in|as) (|valid )json(| format)",
        "(be|be in|be wrapped in) (|valid )json(| only| format)",
        "(respond|answer|reply) only (in|with) (|valid )json",
        "(return|output) (only |)(valid |)json(| only)",
    ),
)


def _look_json_block(m: Measures, reading: str) -> Finding:
    return Finding(m.json_block, "JSON on lines of its own" if m.json_block else "no JSON on lines of its own")


json_block = shape(
    paper="Special output format",
    meaning="A line, or a run of whole lines, is a JSON object or array.",
    look=_look_json_block,
    when=lambda m: not m.is_json,
    phrasings=(
        "Include a JSON object on lines of its own.",
        "Put the data into a JSON block that stands on separate lines.",
        "Somewhere in the text there should be a block of valid JSON.",
        "Give the core of the answer as a JSON block.",
        "A part of your response must be JSON, apart from the other lines.",
        "Set out the details as a JSON object, on its own lines.",
    ),
    hearings=("use a (|block of )(|valid )json (|block|object)", "use a (|valid )json object"),
)

# -- lists -----------------------------------------------------------------------------------------------------------

_MARKDOWN, _LINES = "markdown", "lines"


def _look_bullets(m: Measures, reading: str) -> Finding:
    items = m.markdown.bullets + m.dotted_lines if reading == _MARKDOWN else m.bullet_lines
    return Finding(items >= 2, number_of(items, "bulleted item", "bulleted items"), "" if items >= 2 else "a list")


bullet_list = shape(
    paper="Special output format",
    meaning="There is a bulleted list of at least two items.",
    look=_look_bullets,
    readings=(_MARKDOWN, _LINES),
    phrasings=(
        "Use a bulleted list.",
        "Put the main points into a bullet list.",
        "Set the answer out in bullet points.",
        "Present your points as a bulleted list.",
        "Structure the response with bullets.",
        "Arrange what you have to say as bullet points.",
    ),
    hearings=(
        "use (|a list of )(bullet points|bullets|bulleted lists|bullet lists)",
        "use (a|an) (bullet list|bullet-point list|bullet point list|bulleted list|unordered list)",
        "(format|present|organize|structure) (the response|it|everything|the points) (as|in|into|with|using) "
        "(a bulleted list|a bullet list|bullet points)",
    ),
)


def _look_numbered(m: Measures, reading: str) -> Finding:
    items = m.markdown.numbered if reading == _MARKDOWN else m.numbered_lines
    return Finding(items >= 2, number_of(items, "numbered item", "numbered items"), "" if items >= 2 else "a list")


numbered_list = shape(
    paper="Special output format",
    meaning="There is a numbered list of at least two items.",
    look=_look_numbered,
    readings=(_MARKDOWN, _LINES),
    phrasings=(
        "Use a numbered list.",
        "Number your points in a list.",
        "Set the answer out as an ordered list.",
        "Present the items as 1., 2. and so on.",
        "Structure the response with a numbered list.",
        "Arrange what you have to say under running numbers.",
    ),
    hearings=(
        "use (a|an) (ordered|numbered) list",
        "use (ordered|numbered) lists",
        "(format|present|organize|structure) (the response|it|everything|the points) (as|in|into|with|using) "
        "(a numbered list|an ordered list)",
    ),
)


def _look_steps(m: Measures, reading: str) -> Finding:
    steps = numbered_steps(m)
    return Finding(steps >= 2, number_of(steps, "numbered step", "numbered steps"), "" if steps >= 2 else "at least 2")


steps = shape(
    paper="Item listing details",
    meaning='At least two lines begin with "Step 1", "Step 2" and so on, in order.',
    look=_look_steps,
    phrasings=(
        'Lay the answer out in steps labelled "Step 1:", "Step 2:" and so on.',
        'Begin each step with "Step 1:", "Step 2:" and so forth.',
        "Go step by step, with every step labelled and numbered.",
        'Label the steps "Step 1:", "Step 2:", one to a line.',
        "Write it as a sequence of numbered steps.",
        'Give the instructions as "Step 1:", "Step 2:" and whatever follows.',
    ),
    hearings=(
        "use numbered steps",
        "(format|present|write) (it|the response) (as|in) (a series of |)(numbered|labelled|labeled) steps",
    ),
)

# -- tables, code, headings ------------------------------------------------------------------------------------------


def _look_table(m: Measures, reading: str) -> Finding:
    tables = [table for table in m.markdown.tables if table[1]]
    shown = f"a table of {number_of(tables[0][1], 'row', 'rows')}" if tables else "no markdown table"
    return Finding(bool(tables), shown)


table = shape(
    paper="Special output format",
    meaning="There is a markdown table with at least one row below its header.",
    look=_look_table,
    phrasings=(
        "Include a markdown table.",
        "Put the facts into a table.",
        "Present the answer in a markdown table.",
        "Arrange the information in rows and columns of a table.",
        "Somewhere there should be a table in markdown.",
        "Set it out as a table.",
    ),
    hearings=(
        "use a (|markdown )table",
        "(format|present|organize|show) (the response|it|everything|the information|the data) (as|in|into|using) "
        "a (|markdown )table(| format)",
    ),
)


def _look_code(m: Measures, reading: str) -> Finding:
    blocks = len(m.markdown.code)
    return Finding(blocks > 0, number_of(blocks, "fenced code block", "fenced code blocks"), "" if blocks else "one")


code_block = shape(
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

headings = counted(
    paper="Key formatting",
    meaning="The number of markdown headings, of any level, stands in the relation to n.",
    one="markdown heading",
    many="markdown headings",
    counts={_MARKDOWN: lambda m: len(m.markdown.headings), _LINES: lambda m: m.heading_lines},
    prefer=(AT_LEAST, EXACTLY),
    forms=amounts(
        "markdown heading",
        "markdown headings",
        relations=(AT_LEAST, EXACTLY),
        also_called=(
            ("heading", "headings"),
            ("header", "headers"),
            ("subheading", "subheadings"),
            ("markdown header", "markdown headers"),
        ),
    ),
)

# -- prose and letters -----------------------------------------------------------------------------------------------


def _look_prose(m: Measures, reading: str) -> Finding:
    found = [
        name
        for name, present in (
            ("a list", m.markdown.bullets or m.markdown.numbered or m.dotted_lines),
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


def _look_letter(m: Measures, reading: str) -> Finding:
    greeting = salutation(m)
    return Finding(bool(greeting), f'greets with "{greeting}"' if greeting else 'no line begins with "Dear ...,"')


letter = shape(
    paper="Special output format",
    meaning='A line begins with a salutation, "Dear ...," (or with a colon or exclamation mark).',
    look=_look_letter,
    phrasings=(
        'Write the answer as a letter that greets its reader with "Dear ...,".',
        "Make it a letter, salutation included.",
        'Give the response the form of a letter: "Dear ...," and then the text.',
        'There should be a line that begins with "Dear", as in a letter.',
        'Use the format of a letter, with "Dear" and a name at the top.',
        'Address the reader by letter, "Dear" and so on.',
    ),
    hearings=(
        "use (|it |the response )(as|in the form of|in the format of) a letter",
        "(format|answer|respond|reply)(| it| the response) (as|in the form of|in the format of) a letter",
    ),
)

# -- separators ------------------------------------------------------------------------------------------------------

_MARKERS: Final = ("***", "---")
_OWN_LINE, _ANYWHERE = "own line", "anywhere"


def _parts(m: Measures, marker: str, reading: str) -> int:
    """Parts that hold a word, between separators that stand alone on a line (or anywhere, as IFEval splits)."""
    if reading == _ANYWHERE:
        pieces = m.text.split(marker)
    else:
        pieces = []
        current: list[str] = []
        for line in [*m.filled_lines, marker]:
            if line == marker:
                pieces.append("\n".join(current))
                current = []
            else:
                current.append(line)
    return sum(1 for piece in pieces if any(map(str.isalnum, piece)))


def _derive_separators(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    for marker in _MARKERS:
        counts = [_parts(m, marker, reading) for reading in (_OWN_LINE, _ANYWHERE)]
        if min(counts) >= 2:
            return [{"marker": marker, **amount} for amount in propose(counts, rng, (EXACTLY, EXACTLY, AT_LEAST))]
    return []


def _check_separators(m: Measures, params: Params, reading: str) -> Finding:
    parts = _parts(m, params["marker"], reading)
    return Finding(
        holds(parts, params), f"{number_of(parts, 'part', 'parts')} between {params['marker']}", asked(params)
    )


separators = Type(
    paper="Paragraphs and separators",
    meaning="The number of parts between lines that hold only the marker stands in the relation to n.",
    example={"relation": EXACTLY, "marker": "***", "n": 3},
    derive=_derive_separators,
    check=_check_separators,
    readings=(_OWN_LINE, _ANYWHERE),
    implies=narrower,
    ifeval="length_constraints:number_paragraphs",
    forms=tuple(
        Form(
            fixed={"relation": relation},
            slots={"marker": literally(_MARKERS), "n": Number()},
            phrasings=tuple(
                template.replace("COUNT", f"{relation} {{n}} [part|parts]")
                for template in (
                    "Divide the text into COUNT, separated by a line {marker}.",
                    "Write COUNT with a line {marker} between them.",
                    "Let a line {marker} separate the answer into COUNT.",
                    "Use {marker} on a line of its own to set COUNT apart.",
                    "The response should consist of COUNT, split by lines that hold only {marker}.",
                    "Mark the borders of COUNT with {marker}, each on its own line.",
                )
            ),
            hearings=tuple(
                template.replace("COUNT", f"{lead}{{n}} [{noun}|{noun}s]")
                for noun in ("part", "section", "paragraph")
                for lead in ((f"{relation} ", "") if relation == EXACTLY else (f"{relation} ",))
                for template in (
                    "use COUNT(,|) separated (by|with) ({marker}|{marker:bare})",
                    "use COUNT(,|) separated (by|with) the (markdown |)divider(|:) ({marker}|{marker:bare})",
                    "use COUNT. paragraphs are separated with the markdown divider: {marker:bare}",
                )
            ),
        )
        for relation in (EXACTLY, AT_LEAST)
    ),
)
