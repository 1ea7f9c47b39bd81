from __future__ import annotations

from collections import Counter

from crab import constraints
from crab.config.heldout import HeldoutConfig
from crab.config.verify import VerifyConfig
from crab.core.records import Example
from crab.synthesis import heldout
from crab.synthesis.information import Information
from crab.synthesis.verify import verify


def verified(examples: list[Example], config: VerifyConfig) -> list[Example]:
    information = Information(examples, config)
    return [verify(example, information, config).example for example in examples]


def test_the_witness_meets_its_prompt_and_the_prompt_states_it(
    examples: list[Example], verify_config: VerifyConfig, heldout_config: HeldoutConfig
) -> None:
    prompts = heldout.prompts(verified(examples, verify_config), heldout_config, heldout_config.prompts)
    assert len({prompt.seed_id for prompt in prompts}) == len(prompts) > 15
    for prompt in prompts:
        assert all(verdict.satisfied for verdict in constraints.check_all(prompt.constraints, prompt.witness_response))
        assert prompt.prompt[0]["content"].startswith(prompt.instruction)
        for constraint in prompt.constraints:
            assert constraint.text in prompt.prompt[0]["content"]
            assert constraint.bits is not None
            assert constraint.bits >= heldout_config.selection.min_bits


def test_every_number_of_constraints_is_asked_as_often(
    examples: list[Example], verify_config: VerifyConfig, heldout_config: HeldoutConfig
) -> None:
    counts = Counter(
        len(p.constraints)
        for p in heldout.prompts(verified(examples, verify_config), heldout_config, heldout_config.prompts)
    )
    assert set(counts) <= {1, 2, 3, 4}
    assert counts[1] >= 4


def test_chance_is_what_other_answers_get_siblings_first(
    examples: list[Example], verify_config: VerifyConfig, heldout_config: HeldoutConfig
) -> None:
    records = verified(examples, verify_config)
    config = heldout_config.model_copy(update={"chance_responses": 5})
    for prompt in heldout.prompts(records, config, config.prompts):
        siblings = [r for r in records if r.instruction == prompt.instruction and r.id != prompt.seed_id]
        expected = {
            tuple(v.satisfied for v in constraints.check_all(prompt.constraints, sibling.response))
            for sibling in siblings
        }
        assert len(prompt.chance) == 5
        assert set(prompt.chance) == expected


def test_prompts_do_not_depend_on_file_order(
    examples: list[Example], verify_config: VerifyConfig, heldout_config: HeldoutConfig
) -> None:
    records = verified(examples, verify_config)
    assert heldout.prompts(records, heldout_config, 20) == heldout.prompts(records[::-1], heldout_config, 20)
