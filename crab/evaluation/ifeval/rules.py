"""The 25 types by the names that the published file uses: one line each, with the fixed rule where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crab.evaluation.decisions import Rule
from crab.evaluation.ifeval import fixed, official
from crab.evaluation.ifeval.asked import Asked, Check
from crab.evaluation.ifeval.language import Languages
from crab.evaluation.punkt import Punkt, Tables

RULES: dict[str, tuple[Check, Check | None]] = {
    "change_case:capital_word_frequency": (official.capital_word_frequency, None),
    "change_case:english_capital": (official.english_capital, fixed.english_capital),
    "change_case:english_lowercase": (official.english_lowercase, fixed.english_lowercase),
    "combination:repeat_prompt": (official.repeat_prompt, None),
    "combination:two_responses": (official.two_responses, None),
    "detectable_content:number_placeholders": (official.number_placeholders, fixed.number_placeholders),
    "detectable_content:postscript": (official.postscript, fixed.postscript),
    "detectable_format:constrained_response": (official.constrained_response, fixed.constrained_response),
    "detectable_format:json_format": (official.json_format, fixed.json_format),
    "detectable_format:multiple_sections": (official.multiple_sections, fixed.multiple_sections),
    "detectable_format:number_bullet_lists": (official.number_bullet_lists, fixed.number_bullet_lists),
    "detectable_format:number_highlighted_sections": (
        official.number_highlighted_sections,
        fixed.number_highlighted_sections,
    ),
    "detectable_format:title": (official.title, None),
    "keywords:existence": (official.existence, fixed.existence),
    "keywords:forbidden_words": (official.forbidden_words, fixed.forbidden_words),
    "keywords:frequency": (official.frequency, fixed.frequency),
    "keywords:letter_frequency": (official.letter_frequency, fixed.letter_frequency),
    "language:response_language": (official.response_language, fixed.response_language),
    "length_constraints:nth_paragraph_first_word": (
        official.nth_paragraph_first_word,
        fixed.nth_paragraph_first_word,
    ),
    "length_constraints:number_paragraphs": (official.number_paragraphs, fixed.number_paragraphs),
    "length_constraints:number_sentences": (official.number_sentences, None),
    "length_constraints:number_words": (official.number_words, None),
    "punctuation:no_comma": (official.no_comma, fixed.no_comma),
    "startend:end_checker": (official.end_checker, None),
    "startend:quotation": (official.quotation, fixed.quotation),
}


class Rules:
    """Makes the rule of an instruction from its type and parameters."""

    def __init__(self, tables: Tables | None = None) -> None:
        """Take Punkt's tables; without any, sentences are found by their marks alone."""
        self._punkt = Punkt(tables)
        self._languages = Languages()

    def __call__(self, type_: str, parameters: Mapping[str, Any]) -> tuple[Rule, Rule]:
        """The official and the fixed rule of one instruction; the same where no fault is known."""
        asked = Asked(parameters, self._punkt, self._languages)
        official_check, fixed_check = RULES[type_]
        rule = _bound(official_check, asked)
        return rule, rule if fixed_check is None else _bound(fixed_check, asked)


def _bound(check: Check, asked: Asked) -> Rule:
    return lambda response: check(response, asked)
