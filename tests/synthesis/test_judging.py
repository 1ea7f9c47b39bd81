"""The judge fails closed: only a clear yes about a real restriction passes, and a repaired text is tried anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from crab.config.judge import ExaminerConfig
from crab.config.verify import VerifyConfig
from crab.core.records import Constraint, Example
from crab.engines.base import Request
from crab.synthesis import audit
from crab.synthesis.decided import Decided
from crab.synthesis.information import Information
from crab.synthesis.judging import Case, Judge, Ruling
from crab.synthesis.verify import Verified, verify_all
from tests.synthesis.scripted import Scripted, asker, examiner, question, verdict

TONE = Constraint("style:writing_style", {}, "Write in a dry tone.", "teacher")


def judge(answer: Callable[[Request], str], config: ExaminerConfig | None = None) -> Judge:
    config = config or examiner()
    return Judge(asker(Scripted(answer, errors=["timed out", "refused", "server"]), config), config)


def rule(answer: Callable[[Request], str], example: Example, config: ExaminerConfig | None = None) -> Ruling:
    (ruling,) = judge(answer, config).rule([Case(example, TONE)])
    return ruling


def test_a_clear_yes_passes(examples: list[Example]) -> None:
    ruling = rule(lambda _: verdict("yes", reason="Not one adjective."), examples[0])
    assert ruling.accepted
    assert ruling.constraint.verdict is not None
    assert ruling.constraint.verdict.reason == "Not one adjective."
    assert ruling.constraint.judged


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (verdict("yes", "no"), "no real restriction"),
        (verdict("no"), "not satisfied"),
        (verdict("unsure"), "judge: unsure"),
        (verdict("YES"), "judge: unreadable"),
        (verdict("yes", "maybe"), "judge: unreadable"),
        ("yes", "judge: unreadable"),
        ("", "judge: empty"),
        (verdict("yes")[:-5], "judge: unreadable"),
        (verdict("yes") + "<cut>", "judge: cut off"),
        ('{"verdict": "yes"}', "judge: wrong fields"),
        (verdict("yes")[:-1] + ', "note": "trust me"}', "judge: wrong fields"),
        (verdict("yes") + verdict("no"), "judge: unreadable"),
        ('{"verdict": ["yes"], "restricts": "yes", "reason": "", "corrected": null}', "judge: unreadable"),
        ("I'm sorry, I can't judge that.", "judge: refused"),
        ("timed out", "judge: timed out"),
        ("refused", "judge: refused"),
        ("server", "judge: server"),
        ("[" * 60000, "judge: unreadable"),
    ],
)
def test_everything_else_is_rejected_with_its_reason(text: str, reason: str, examples: list[Example]) -> None:
    ruling = rule(lambda _: text, examples[0])
    assert not ruling.accepted
    assert ruling.reason == reason


def test_a_corrected_text_that_a_program_reads_is_left_to_the_checkers(
    examples: list[Example], verify_config: VerifyConfig
) -> None:
    bullets = dataclasses.replace(examples[0], constraints=(TONE,))
    for corrected, kept, rejected in [
        ("Use exactly 3 bullet points.", ["items:num_bullets"], []),
        ("Use exactly 4 bullet points.", [], ["not satisfied"]),
    ]:
        one = verified(bullets, lambda _, text=corrected: verdict("no", corrected=text), examples, verify_config)
        assert [constraint.type for constraint in one.example.constraints] == kept
        assert [line.reason for line in one.rejected if "constraint" in line.record] == rejected
        assert len(one.calls) == 1
        assert all(c.verdict is not None and c.verdict.by == "checker" for c in one.example.constraints)


@pytest.mark.parametrize(("second", "accepted"), [("yes", True), ("no", False), ("unsure", False), ("?", False)])
def test_another_corrected_text_is_judged_once_more(second: str, accepted: bool, examples: list[Example]) -> None:
    def answer(request: Request) -> str:
        if "wet" in question(request):
            return verdict(second, corrected="Write in a moist tone.")
        return verdict("no", corrected="Write in a wet tone.")

    ruling = rule(answer, examples[0])
    assert ruling.accepted == accepted
    assert ruling.constraint.text == "Write in a wet tone."
    assert [call.purpose for call in ruling.calls] == ["judge", "repair"]


def test_repair_can_be_switched_off(examples: list[Example]) -> None:
    answer = verdict("no", corrected="Use exactly 3 bullet points.")
    ruling = rule(lambda _: answer, examples[0], examiner(repair=False))
    assert ruling.reason == "not satisfied"
    assert ruling.constraint.text == TONE.text


@pytest.mark.parametrize(("yes", "accepted"), [(0, False), (1, False), (2, True), (3, True)])
def test_enough_of_the_samples_must_agree(yes: int, accepted: bool, examples: list[Example]) -> None:
    config = examiner(samples=3, agree=2, repair=False)
    ruling = rule(lambda request: verdict("yes" if request.seed < yes else "unsure"), examples[0], config)
    assert ruling.accepted == accepted
    assert len(ruling.calls) == 3
    assert ruling.reason == {0: "judge: unsure", 1: "judge: samples disagree"}.get(yes, "")


def verified(
    example: Example, answer: Callable[[Request], str], corpus: list[Example], config: VerifyConfig
) -> Verified:
    (found,) = verify_all([example], Information(corpus, config), config, judge(answer))
    return found


def test_without_a_judge_nothing_passes_that_needs_one(examples: list[Example], verify_config: VerifyConfig) -> None:
    example = dataclasses.replace(
        examples[0], constraints=(*examples[0].constraints, TONE), refined_instruction="tell me about water, briefly."
    )
    (found,) = verify_all([example], Information(examples, verify_config), verify_config, None)
    reasons = [line.reason for line in found.rejected]
    assert reasons.count("no judge") == 1
    assert "refined instruction: no judge" in reasons
    assert found.example.refined_instruction is None
    assert not any(constraint.judged for constraint in found.example.constraints)


def test_what_the_judge_accepts_must_still_not_leak(examples: list[Example], verify_config: VerifyConfig) -> None:
    leaking = Constraint("place:sentence", {}, "Say that water is neither warm nor white but clear.", "teacher")
    example = dataclasses.replace(
        examples[5],
        constraints=(TONE, leaking),
        refined_instruction="tell me about water. Water is neither warm nor white.",
    )
    found = verified(example, lambda _: verdict("yes"), examples, verify_config)
    assert [constraint.text for constraint in found.example.constraints] == [TONE.text]
    assert sorted(line.reason for line in found.rejected) == [
        "leaks the response",
        "refined instruction: leaks the response",
    ]


def test_counts_add_up_for_any_mixture(examples: list[Example], verify_config: VerifyConfig) -> None:
    texts = ["Write in a dry tone.", "Write in a soft tone.", "Use irony.", "Sound like a sailor at sea.", "Rhyme."]
    said = [
        verdict("yes"),
        verdict("no", corrected="Use exactly 3 bullet points."),
        verdict("no", corrected="Use wit."),
        "x",
        "timed out",
    ]
    corpus = [
        dataclasses.replace(
            example,
            constraints=(*example.constraints, *(Constraint("style:writing_style", {}, t, "teacher") for t in texts)),
            refined_instruction=example.instruction + " Be quick.",
        )
        for example in examples
    ]
    config = examiner()
    found = verify_all(
        corpus,
        Information(corpus, verify_config),
        verify_config,
        judge(lambda request: said[sum(map(ord, question(request) + request.messages[1]["content"])) % 5], config),
    )
    decided = Decided()
    for one in found:
        decided.add(one)
    summary = decided.summary(None, {"style": {"requests": 12.0}})
    assert summary["proposed"] == len(corpus) * (len(texts) + 1)
    assert summary["proposed"] == summary["accepted"] + sum(summary["rejected"].values())
    assert {"judge: unreadable", "judge: timed out"} <= set(summary["rejected"])
    assert summary["accepted"] > 0
    price = summary["cost_per_accepted"]
    assert price["total"]["accepted"] == summary["accepted"]
    requests = decided.ledger.by_purpose(None)["total"]["requests"] + 12
    assert price["total"]["requests"] == pytest.approx(requests / summary["accepted"], abs=0.001)


def test_the_judge_is_measured_where_a_program_knows_the_answer(
    examples: list[Example], verify_config: VerifyConfig
) -> None:
    information = Information(examples, verify_config)
    corpus = [one.example for one in verify_all(examples, information, verify_config)]
    drawn = audit.cases(corpus, 10, 0)
    assert [satisfied for _, satisfied in drawn] == [True, False] * 10
    gullible = audit.summary(audit.audit(drawn, judge(lambda _: verdict("yes"))))
    assert gullible == {
        "n": 20, "true": 10, "false": 10, "accepted_true": 10, "accepted_false": 10, "disagree": 10,
        "precision": 0.5, "recall": 1.0,
    }  # fmt: skip
    silent = audit.summary(audit.audit(drawn, judge(lambda _: "")))
    assert silent["recall"] == 0.0
    assert "precision" not in silent
    true = {question_of(case) for case, satisfied in drawn if satisfied}
    careful = audit.audit(
        drawn,
        judge(lambda request: verdict("yes" if (request.messages[1]["content"], "") in true else "no")),
    )
    assert audit.summary(careful)["precision"] == 1.0
    assert audit.cases(corpus[::-1], 10, 0) == drawn


def question_of(case: Case) -> tuple[str, str]:
    from crab.synthesis.judging import question as ask

    return ask(case).messages[1]["content"], ""
