"""Free text against labels: never a wrong reading, and as much read as was reached.

Only `blind` and the arguments that IFEval publishes are independent of the parser; `labels/README.md` says how the
others were made.
"""

import json
from collections import Counter

import pytest

from benchmarks.parse_coverage import LABELS, RULE_MADE, SHARED, coverage, labels, present, prompts, sentences
from crab import constraints
from crab.constraints.published import PUBLISHED, published

# What was reached, of the sentences that have a right reading. `blind` measures, the others pin what is read.
FLOORS = {"everyday": 0.95, "crab": 0.98, "ifeval": 0.85, "ifeval_unseen": 0.60, "ifbench": 0.99, "blind": 0.51}


def of(source):
    if not present(source):
        pytest.skip(f"no {source} texts at {SHARED}; set CRAB_SHARED_DATA")
    return labels(source)


@pytest.mark.parametrize("source", FLOORS)
def test_every_reading_is_the_right_one(source):
    wrong = []
    for label in of(source):
        read = constraints.parse(label.text)
        if read is not None and (read.type, read.params) != (label.type, label.params):
            wrong.append((label.text, read.type, read.params, label.type, label.params))
    assert wrong == []


@pytest.mark.parametrize("source", FLOORS)
def test_as_much_is_read_as_was_reached(source):
    totals = coverage(of(source)).values()
    assert sum(total.right for total in totals) >= FLOORS[source] * sum(total.readable for total in totals)


@pytest.mark.parametrize("category", RULE_MADE)
def test_every_rule_made_constraint_of_the_reference_data_is_read(category):
    totals = coverage(label for label in of("crab") if label.group == category)
    assert all(total.right == total.readable > 0 for total in totals.values())
    # One of them also wants a single paragraph, and one gives its keywords as examples.
    assert sum(total.sentences - total.readable for total in totals.values()) <= 1


def test_labels_hold_no_published_text_and_enough_of_everything():
    rows = {file.stem: [json.loads(line) for line in file.open(encoding="utf-8")] for file in LABELS.glob("*.jsonl")}
    assert set(rows) == set(FLOORS)
    assert not any("text" in row for source in rows for row in rows[source] if source != "everyday")
    assert {source: len(rows[source]) >= least for source, least in (("everyday", 150), ("crab", 260))} == {
        "everyday": True,
        "crab": True,
    }
    assert len(rows["ifeval"]) >= 150
    assert len(rows["ifbench"]) >= 60
    assert len(rows["blind"]) >= 290
    names = {info.name for info in constraints.types()}
    assert {row["type"] for source in rows for row in rows[source]} - {None} <= names
    texts = Counter(row["text"] for row in rows["everyday"])
    assert max(texts.values()) == 1


# Sentences of IFEval that say what their record's instructions do not: (record, type).
UNSAID = {
    ("1174", "letters:frequency"),  # the record wants fewer than 6, the sentence at least 6
    ("251", "case:all_lowercase"),  # not among the record's instructions, like the next four
    ("2602", "length:num_words"),
    ("2807", "case:all_lowercase"),
    ("30", "case:all_lowercase"),
    ("3221", "case:all_uppercase"),
    ("3311", "keywords:include"),  # the sentence names one keyword more
    ("2517", "keywords:include"),
    ("337", "length:num_words"),  # at least 400 in the sentence, 336 in the record
    ("1954", "place:first_word"),  # of the last paragraph, which the record calls the seventh
    ("1858", "length:num_paragraphs"),  # the divider stands in the next sentence, here and below
    ("3315", "length:num_paragraphs"),
}
# Types of ours that say what IFEval puts in words of its own, and its type.
PUT_OTHERWISE = {
    "emphasis:italics": "detectable_format:number_highlighted_sections",
    "letters:without": "keywords:letter_frequency",
}


def lowered(params):
    def low(value):
        return (
            value.lower() if isinstance(value, str) else sorted(map(low, value)) if isinstance(value, list) else value
        )

    return {name: low(value) for name, value in params.items()}


def test_no_reading_of_a_prompt_of_ifeval_contradicts_its_published_instructions():
    """An independent label of all 540 prompts: what their authors wrote into them."""
    if not present("ifeval"):
        pytest.skip(f"no IFEval prompts at {SHARED}; set CRAB_SHARED_DATA")
    read, strange = 0, []
    for record in prompts("ifeval"):
        arguments = [{k: v for k, v in found.items() if v is not None} for found in record["kwargs"]]
        asked = list(zip(record["instruction_id_list"], arguments, strict=True))
        wanted = [(type_, lowered(params)) for name, found in asked for type_, params in PUBLISHED[name].typed(found)]
        for found in (found for text in sentences(record["prompt"]) for found in constraints.parse_all(text)):
            read += 1
            amounts = published([found])  # "100 to 120 words" is two of theirs
            if not (
                (found.type, lowered(found.params)) in wanted
                or (amounts and all(amount in asked for amount in amounts))
                or PUT_OTHERWISE.get(found.type) in record["instruction_id_list"]
                or (str(record["key"]), found.type) in UNSAID
            ):
                strange.append((record["key"], found.text, found.type, found.params))
    assert strange == []
    assert read >= 350


def test_no_sentence_of_a_real_response_reads_as_a_constraint():
    files = sorted((SHARED / "seeds").glob("*.jsonl"))
    if not files:
        pytest.skip(f"no real responses at {SHARED}; set CRAB_SHARED_DATA")
    told = set()
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines()[::10]:
            told.update(text for text in sentences(json.loads(line)["output"]) if constraints.parse_all(text))
    assert told == set()
