"""`crab inspect`: one record through all stages, for reading or as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from crab.core import io
from crab.core.records import Message, Rejected
from crab.report import identifiers, trace
from crab.report.journey import Fate, Journey
from crab.report.plain import visible
from crab.report.trace import Trace


def show(root: Path, typed: str, as_json: bool) -> None:
    """Print what the stages wrote about a record.

    Raises:
        DataError: There is no such record, or several begin so.
    """
    found = trace.build(root, identifiers.resolve(root, typed))
    if as_json:
        print(io.dumps(found))
        return
    # What data say must not act on a terminal.
    for line in _lines(found):
        print(visible(line))


def _lines(found: Trace) -> Iterator[str]:
    yield f"{found.id} ({found.split})"
    if found.record is not None:
        yield from _journey(found.record)
    if rest := [line for line in found.left_out if line.stage != "verify" or "constraint" not in line.record]:
        yield from _title("left out")
        yield from (_reason(line) for line in rest)
    for one in found.evaluations:
        yield from _title(f"evaluation: {one.benchmark}, prompt {one.prompt.id}")
        yield from _turns(one.prompt.prompt)
        for scored in one.answers:
            met = f"{scored.met} of {len(scored.verdicts)} met"
            yield f"  {scored.model}: {met}{'' if scored.finished else ', cut off'}"
            yield from _text(scored.response, "    | ")
            for type_, verdict in zip(scored.types, scored.verdicts, strict=True):
                yield f"    {'yes' if verdict.satisfied else 'no '} {type_}: {verdict.reason}"
        if not one.answers:
            yield "  no model has answered it"
    for proposed in found.proposals:
        yield from _title(f"reverse task, {proposed.model}")
        for proposal in proposed.proposals:
            yield f"  {'yes' if proposal.confirmed else 'no '} {proposal.type}: {proposal.text} ({proposal.reason})"


def _journey(record: Journey) -> Iterator[str]:
    seed = record.seed
    yield from _title(f"seed: from {seed.source}, language {seed.language}")
    yield "  instruction"
    yield from _text(seed.instruction)
    yield "  response"
    yield from _text(seed.response)
    kept = sum(fate.kept for fate in record.fates)
    yield from _title(f"constraints: {len(record.fates)} found, {kept} verified")
    for fate in record.fates:
        yield from _fate(fate)
    if record.refined_instruction:
        yield "  refined instruction"
        yield from _text(record.refined_instruction)
    for task, rows in (("forward", record.forward), ("reverse", record.reverse)):
        for row in rows:
            yield from _title(f"{task} row, weight {row.weight:g}")
            yield from _turns([*row.prompt, *row.completion])
    for pair in record.preferences:
        yield from _title(f"preference pair ({pair.source})")
        yield from _turns(pair.prompt)
        yield "  chosen"
        yield from _text(pair.chosen[-1]["content"])
        yield f"  rejected: fails {', '.join(pair.failed) or 'no constraint: its label is taken at its word'}"
        yield from _text(pair.rejected[-1]["content"])


def _fate(fate: Fate) -> Iterator[str]:
    constraint = fate.constraint
    bits = "not weighed" if constraint.bits is None else f"{constraint.bits:.2f} bits"
    sign = ("* " if fate.used else "+ ") if fate.kept else "- "
    yield f"  {sign}{constraint.text}"
    yield f"      {constraint.type}, {constraint.origin}, {bits}; measured: {constraint.witness or 'nothing'}"
    if constraint.verdict is not None:
        verdict = constraint.verdict
        yield f"      {'holds' if verdict.satisfied else 'does not hold'}, says {verdict.by}: {verdict.reason}"
    if not fate.kept:
        yield f"      left out: {fate.why}"
    elif fate.used:
        yield "      stated in the forward row"


def _reason(line: Rejected) -> str:
    return f"  {line.stage}: {line.reason}{f': {line.detail}' if line.detail else ''}"


def _title(text: str) -> tuple[str, str]:
    return "", text


def _turns(messages: Sequence[Message]) -> Iterator[str]:
    for turn in messages:
        yield f"  {turn['role']}"
        yield from _text(turn["content"])


def _text(text: str, margin: str = "  | ") -> list[str]:
    return textwrap.indent(text, margin, lambda _: True).split("\n") if text else [margin]
