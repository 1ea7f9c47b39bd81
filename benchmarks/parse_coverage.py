"""How much free text `constraints.parse` reads, and whether it reads wrongly, against labels.

    python -m benchmarks.parse_coverage             a table by source, and the sentences that are not read
    python -m benchmarks.parse_coverage --speed     also sentences a second, each read afresh

A label says what the right reading of a sentence is, or that there is none: a reader decides it, it says two things at
once, it is said of a part that no type knows, or it wants what no type measures. Coverage is the share of the
sentences that have a right reading which are read; a reading that is not the right one is read wrongly.

`blind` is the measurement: published sentences drawn by chance, each labelled before anybody saw how it is read. The
labels of `crab`, `ifeval`, `ifeval_unseen` and `ifbench` were proposed by the parser itself and then read through, so
they pin what it does and say nothing of its precision, and their coverage flatters it. `everyday` is our own sentences,
a development set. The second independent check is in `tests/constraints/test_parse_labels.py`: the arguments that
IFEval publishes with its prompts.

The labels lie in `tests/constraints/labels/`, whose README has the figures. Published sentences are named by record,
place and hash; their texts are looked up in `../shared/data` beside the checkout, or `CRAB_SHARED_DATA`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from crab import constraints
from crab.core.records import Constraint

ROOT: Final = Path(__file__).parents[1]
LABELS: Final = ROOT / "tests" / "constraints" / "labels"
SHARED: Final = Path(os.environ.get("CRAB_SHARED_DATA", ROOT.parent / "shared" / "data"))
RULE_MADE: Final = ("Digit", "Paragraph", "Sentence", "Word", "Keyword", "Punctuation")
"""The categories of the reference data that its rules made; a model wrote the others."""
_FILES: Final = {
    "crab": "crab/constraint_back_translation_sample.json",
    "ifeval": "ifeval/input_data.jsonl",
    "ifeval_unseen": "ifeval/input_data.jsonl",
    "ifbench": "ifbench/IFBench_test.jsonl",
}


@dataclass(frozen=True)
class Label:
    """What a sentence says."""

    source: str
    group: str
    """The reference data's category, or the labelled type; the reason where there is no right reading. Of `blind`: the
    published source and the number of the draw."""
    text: str
    type: str | None
    params: dict[str, Any]


@dataclass
class Tally:
    """How the sentences of one group were read."""

    sentences: int = 0
    readable: int = 0
    read: int = 0
    right: int = 0


# -- sentences of prompts --------------------------------------------------------------------------------------------

_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[A-Z<*\d-])|\n+")
_NO_END = re.compile(r"(?:\bP\.(?:P\.)?S\.|\be\.g\.|\bi\.e\.|\betc\.|\bMr\.|\bMrs\.|\bDr\.|\bvs\.|\bMs\.|^\d+\.)$")


def sentences(prompt: str) -> list[str]:
    """The sentences and lines of a prompt, closing quotation marks included; the labels count them from 0."""
    found, start = [], 0
    for match in _END.finditer(prompt):
        piece = prompt[start : match.start() + len(match[0].rstrip())]
        if "\n" not in match[0] and _NO_END.search(piece.rstrip()):
            continue
        if piece.strip():
            found.append(piece.strip())
        start = match.end()
    return [*found, rest] if (rest := prompt[start:].strip()) else found


def prompts(source: str) -> Iterator[dict[str, Any]]:
    """The records of IFEval or IFBench, in order."""
    for line in (SHARED / _FILES[source]).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


# -- labels ----------------------------------------------------------------------------------------------------------


def present(source: str) -> bool:
    """Whether the texts of a source are there."""
    if source == "blind":
        return all(map(present, _FILES))
    return source == "everyday" or (SHARED / _FILES[source]).is_file()


def labels(source: str) -> list[Label]:
    """The labels of a source with their texts.

    Raises:
        ValueError: A text is not the one that was labelled.
    """
    rows = [json.loads(line) for line in (LABELS / f"{source}.jsonl").read_text(encoding="utf-8").splitlines()]
    if source == "everyday":
        return [Label(source, _group(source, row), row["text"], row["type"], row.get("params", {})) for row in rows]
    texts = {of: _texts(of) for of in dict.fromkeys(row.get("source", source) for row in rows)}
    found = []
    for row in rows:
        text = texts[row.get("source", source)][str(row["record"]), row.get("category", row.get("sentence"))]
        if hashlib.sha256(text.encode()).hexdigest()[:12] != row["sha256"]:
            raise ValueError(f"{source}: the text of {row} has changed")
        found.append(Label(source, _group(source, row), text, row["type"], row.get("params", {})))
    return found


def _texts(source: str) -> dict[tuple[str, str | int], str]:
    """The sentences of a published source by record, and by category or place in it."""
    if source == "crab":
        records = json.loads((SHARED / _FILES[source]).read_text(encoding="utf-8"))
        return {
            (str(number), category): text
            for number, record in enumerate(records)
            for category, text in record["Aug_instruction"]["Additional_Instruction"].items()
        }
    return {
        (str(record["key"]), place): text
        for record in prompts(source)
        for place, text in enumerate(sentences(record["prompt"]))
    }


def _group(source: str, row: dict[str, Any]) -> str:
    match source:
        case "blind":
            return f"{row['source']}, draw {row['draw']}"
        case "crab":
            return str(row["category"].strip())
        case _:
            return row["type"] or f"none: {row['why']}"


def tally(label: Label, total: Tally) -> Constraint | None:
    """Read a labelled sentence, count it, and give what was read."""
    read = constraints.parse(label.text)
    total.sentences += 1
    total.readable += label.type is not None
    total.read += read is not None
    total.right += read is not None and (read.type, read.params) == (label.type, label.params)
    return read


def coverage(found: Iterable[Label]) -> dict[tuple[str, str], Tally]:
    """How each group of labels was read."""
    totals: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for label in found:
        tally(label, totals[label.source, label.group])
    return dict(totals)


def table(totals: dict[tuple[str, str], Tally]) -> str:
    """Coverage by source and group as markdown; groups without a right reading are summed up."""
    lines = [
        "| source | group | sentences | with a right reading | read rightly | read wrongly |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for source in dict.fromkeys(source for source, _ in totals):
        groups = {group: total for (of, group), total in totals.items() if of == source}
        rest = Tally()
        for group, total in sorted(groups.items()):
            if total.readable or total.read:
                lines.append(_row(source, group, total))
            else:
                rest.sentences += total.sentences
        if rest.sentences:
            lines.append(_row(source, "(no right reading)", rest))
        whole = Tally(*(sum(getattr(total, name) for total in groups.values()) for name in Tally.__dataclass_fields__))
        lines.append(_row(f"**{source}**", "**all**", whole))
    return "\n".join(lines)


def _row(source: str, group: str, total: Tally) -> str:
    share = f" ({total.right / total.readable:.0%})" if total.readable else ""
    wrong = total.read - total.right
    return f"| {source} | {group} | {total.sentences} | {total.readable} | {total.right}{share} | {wrong} |"


def sentences_a_second(texts: list[str]) -> float:
    """How many sentences are read a second, none of them read before."""
    constraints.parse("")  # the table is made at the first call
    started = time.process_time()
    for text in texts:
        constraints.parse(text)
    return len(texts) / (time.process_time() - started)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speed", action="store_true", help="also measure sentences a second")
    options = parser.parse_args()
    sources = [source for source in ("blind", *_FILES, "everyday") if present(source)]
    found = [label for source in sources for label in labels(source)]
    if options.speed:
        print(f"{sentences_a_second([label.text for label in found]):,.0f} sentences a second")
    print(table(coverage(found)))
    for label in found:
        # Whoever mends what is listed tunes the parser to it, so the measurement stays out of the list.
        if label.source != "blind" and label.type is not None and constraints.parse(label.text) is None:
            print(f"not read: {label.source}: {label.text} ({label.type})")


if __name__ == "__main__":
    main()
