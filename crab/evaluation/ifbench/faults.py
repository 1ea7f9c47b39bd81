"""Known faults of the official rules, in one place: what is wrong, and the rule that a `fixed` verdict takes instead.

A fault is a verdict that contradicts the constraint's own wording. Where wording leaves a choice (what a word is,
whether a repeated palindrome counts) the official reading stands. `upstream` marks those that the official repository
has repaired since it published its sample verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass

from crab.evaluation.ifbench import count, custom, format, ratio, repeat, sentence, words
from crab.evaluation.ifbench.asked import Check
from crab.evaluation.ifbench.rules import OFFICIAL


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one type."""

    what: str
    fixed: Check
    upstream: bool = False


FAULTS: dict[str, Fault] = {
    "count:conjunctions": Fault("And and and count as two different ones", count.different_conjunctions),
    "count:keywords_multiple": Fault("keywords inside longer words count", count.keyword_times, upstream=True),
    "count:numbers": Fault("marks are taken out first, so that 2-3 or 1/2/3 is one number", count.whole_numbers),
    "count:pronouns": Fault("demonstrative, indefinite and other pronouns do not count", count.all_pronouns, True),
    "count:unique_word_count": Fault("a lone mark counts as a word", count.different_words),
    "count:words_japanese": Fault("a response shorter than the cycle passes", count.some_words_japanese),
    "custom:csv_special_character": Fault(
        "rows behind the first special field may be broken", custom.csv_special_character_everywhere
    ),
    "custom:date_format_list": Fault("days that do not exist pass", custom.date_list),
    "custom:european_capitals_sort": Fault("the list lacks Kyiv", custom.capitals_with_kyiv),
    "custom:sentence_alphabet": Fault(
        "a quotation mark before a sentence hides its letter", custom.sentence_alphabet_of_words, upstream=True
    ),
    "format:line_indent": Fault("some blank lines count, and a single line passes", format.line_indent_of_text),
    "format:list": Fault("separators count wherever they stand", format.listed_lines),
    "format:newline": Fault("a line of blanks makes up for one of two words", format.newline_words),
    "format:no_bullets_bullets": Fault(
        "sentences without a full stop count, a blank line fails", format.sentences_then_bullets
    ),
    "format:options": Fault("a line break behind the answer fails", format.options_by_core),
    "format:output_template": Fault("parts may be empty and in any order", format.output_template_in_order),
    "format:parentheses": Fault("one closed bracket of five is enough", format.closed_parentheses),
    "format:quote_unquote": Fault("no quotation passes, curly marks are ignored", format.quote_unquote_of_some),
    "format:quotes": Fault("apostrophes are quotation marks, curly marks none", format.quotes_without_apostrophes),
    "format:sub-bullets": Fault("no bullet passes, any asterisk and hyphen counts", format.sub_bullet_lines),
    "format:thesis": Fault("tags need not be a pair, an empty <em> passes", format.thesis_in_tags),
    "format:title_case": Fault("minor words and n't fail, words of mixed case pass", format.title_case_words),
    "ratio:overlap": Fault("trigrams of characters are compared", ratio.overlap_of_words, upstream=True),
    "ratio:sentence_balance": Fault("no sentence of any kind passes", ratio.sentence_balance_of_some),
    "ratio:sentence_type": Fault("no statement and no question pass", ratio.sentence_type_of_some),
    "ratio:sentence_words": Fault("words may be the same", ratio.different_sentence_words, upstream=True),
    "repeat:repeat_change": Fault("other white space is a change", repeat.change_first_word),
    "repeat:repeat_span": Fault("the last word is left out, index 0 is drawn", repeat.inclusive_span, upstream=True),
    "sentence:alliteration_increment": Fault("separate runs are added up", sentence.longest_alliteration),
    "words:consonants": Fault("numbers and lone marks are words", words.clustered_words),
    "words:keywords_specific_position": Fault("marks are words", words.keyword_at_word, upstream=True),
    "words:last_first": Fault("a mark behind the first word fails", words.last_first_words),
    "words:paragraph_last_first": Fault("a mark behind the first word fails", words.paragraph_last_first_words),
    "words:words_position": Fault("marks are words", words.keyword_second_and_penultimate, upstream=True),
}

FIXED: dict[str, Check] = OFFICIAL | {type_: fault.fixed for type_, fault in FAULTS.items()}
"""The rules of the `fixed` column: the official ones where no fault is known."""
