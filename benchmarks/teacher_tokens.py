"""How many prompt tokens an engine computes per accepted constraint: our prompt plan beside the reference code's.

    python -m benchmarks.teacher_tokens [--data ../shared/data] [--records 200]

Both plans see the same real records, the same constraints and the same accepted share, so nothing but the prompts and
their order differs. The engine's prefix cache is counted for both: blocks of 16 tokens, kept for ever, as vLLM keeps
them while there is room. An endpoint that gives no discount for a shared prefix is paid for what is sent, which is
more in our plan: its fixed part is longer. Answers are left out: both plans write one sentence per constraint and one
verdict per judgement.

The tokenizer is a byte-level BPE trained here on the same texts, because none can be downloaded: counts are a few
percent from those of a published tokenizer, and the ratio does not depend on it.

The reference's fixed texts are not repeated here. Their sizes in characters, and what comes before and after the slots,
are facts about THU-KEG/Crab scripts/seed_data_generator/utils.py; filler of the same length stands for them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from crab import constraints
from crab.config.teacher import ProposerConfig
from crab.core.records import Constraint, Example, Seed
from crab.synthesis import judging
from crab.synthesis.plan import Plan

BLOCK = 16
"""Tokens that vLLM's prefix cache keeps or drops together."""
PROPOSED = 9
"""Constraints per record that are judged: 8.9 survive the reference's judge on average in its released sample."""
ACCEPTED_SHARE = 0.8
"""Of proposals, in both plans. It scales both prices alike."""
REPAIRED_SHARE = 0.2
"""Of proposals that our judge corrects and judges once more; the reference takes a corrected text unseen."""
FILLER = "so that these words stand for others of the same length in the text which is not repeated here "

REFINE = (1140, 30)
STYLE = (1560, 433)
FORM = (2240, 556)
JUDGE = (1640, 30)
"""Characters before the first slot and after the last one: three proposal prompts, then the judge's."""


class PrefixCache:
    """What an engine that keeps the blocks of earlier prompts has to compute."""

    def __init__(self) -> None:
        self._known: set[int] = set()

    def computed(self, tokens: list[int]) -> int:
        """Tokens of a prompt that are not in the cache; afterwards its whole blocks are."""
        chain, cached = 0, 0
        for start in range(0, len(tokens) - BLOCK + 1, BLOCK):
            chain = hash((chain, *tokens[start : start + BLOCK]))
            if chain in self._known and cached == start:
                cached = start + BLOCK
            self._known.add(chain)
        return len(tokens) - min(cached, len(tokens) - 1)  # the last token is always computed


def filler(characters: int) -> str:
    """Text of a given length."""
    return (FILLER * (characters // len(FILLER) + 1))[:characters]


def reference(seed: Seed, proposals: list[str]) -> Iterator[str]:
    """Three proposals, then one judgement per constraint, each with the whole response after the constraint."""
    for name, (head, tail) in {"refine": REFINE, "style": STYLE, "form": FORM}.items():
        yield f"{name} {filler(head)}\n'{seed.instruction}'\n\n'{seed.response}'\n\n{filler(tail)}"
    for text in proposals:
        yield f"judge {filler(JUDGE[0])}\n'{text}'\n\n'{seed.response}'\n{filler(JUDGE[1])}"


def ours(seed: Seed, proposals: list[str], plan: Plan) -> Iterator[str]:
    """The prompts of the stages themselves, in the order in which a record's calls are sent."""
    for ask in plan.asks(seed):
        yield "\n".join(message["content"] for message in ask.question.messages)
    example = Example(seed.id, seed.source, seed.instruction, seed.response, seed.language)
    for text in [*proposals, *proposals[: round(REPAIRED_SHARE * len(proposals))]]:
        case = judging.Case(example, Constraint("style:writing_style", {}, text, "teacher"))
        yield "\n".join(message["content"] for message in judging.question(case).messages)


def main() -> None:
    """Print both plans, and the ratio."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--records", type=int, default=200)
    options = arguments.parse_args()
    seeds, texts = load(options.data, options.records)
    encode = trained_on([seed.instruction + "\n" + seed.response for seed in seeds] + texts)
    print(json.dumps(measure(seeds, texts, encode), indent=2))


def measure(seeds: list[Seed], texts: list[str], encode: Callable[[str], list[int]]) -> dict[str, object]:
    """Requests and prompt tokens per accepted constraint of both plans, and the ratio of the computed ones."""
    plan = Plan(conf(), 0)
    proposals = [[texts[(PROPOSED * n + k) % len(texts)] for k in range(PROPOSED)] for n in range(len(seeds))]
    typed = [[text for text in some if constraints.parse(text) is None] for some in proposals]
    plans: dict[str, Iterable[Iterator[str]]] = {
        "reference": (reference(seed, some) for seed, some in zip(seeds, proposals, strict=True)),
        "ours": (ours(seed, some, plan) for seed, some in zip(seeds, proposals, strict=True)),
        "ours, what a program reads not judged": (
            ours(seed, some, plan) for seed, some in zip(seeds, typed, strict=True)
        ),
    }
    accepted = ACCEPTED_SHARE * PROPOSED * len(seeds)
    found: dict[str, dict[str, float]] = {}
    for name, prompts in plans.items():
        cache, requests, sent, computed = PrefixCache(), 0, 0, 0
        for prompt in (text for record in prompts for text in record):
            tokens = encode(prompt)
            requests += 1
            sent += len(tokens)
            computed += cache.computed(tokens)
        found[name] = {
            "requests_per_accepted": round(requests / accepted, 3),
            "prompt_tokens_sent_per_accepted": round(sent / accepted, 1),
            "prompt_tokens_computed_per_accepted": round(computed / accepted, 1),
        }
    base = found["reference"]["prompt_tokens_computed_per_accepted"]
    return {
        "records": len(seeds),
        "judged_per_record": PROPOSED,
        "accepted_share": ACCEPTED_SHARE,
        "plans": found,
        "computed_ratio": {
            name: round(plan["prompt_tokens_computed_per_accepted"] / base, 3) for name, plan in found.items()
        },
    }


def load(data: Path, count: int) -> tuple[list[Seed], list[str]]:
    """Real records, every n-th of GPT-4's answers, and real constraint texts of the reference's released sample."""
    lines = (data / "seeds" / "gpt4_1106_preview.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    rows = rows[:: max(1, len(rows) // count)][:count]
    seeds = [Seed(str(n), "seeds", row["instruction"], row["output"], "en") for n, row in enumerate(rows)]
    sample = json.loads((data / "crab" / "constraint_back_translation_sample.json").read_text(encoding="utf-8"))
    rules = {"Paragraph", "Sentence", "Word", "Keyword", "Punctuation", "Digit"}
    texts = [
        text
        for record in sample
        for key, text in record["Aug_instruction"]["Additional_Instruction"].items()
        if key.strip() not in rules and isinstance(text, str)
    ]
    return seeds, texts


def conf() -> ProposerConfig:
    """The plan of `teacher=llama3_70b`."""
    from ruamel.yaml import YAML

    from crab.cli import compose
    from crab.config.section import load as section
    from crab.config.teacher import TeacherConfig

    params = YAML(typ="safe").load(compose.composed(Path(__file__).resolve().parents[1], ["teacher=llama3_70b"]))
    llm = section("teacher", TeacherConfig, params).llm
    assert llm is not None
    return llm


def trained_on(texts: list[str]) -> Callable[[str], list[int]]:
    """A byte-level BPE of 16,000 tokens, trained on the texts that are counted."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=16000, initial_alphabet=alphabet, show_progress=False)
    )
    return lambda text: list(tokenizer.encode(text).ids)


if __name__ == "__main__":
    main()
