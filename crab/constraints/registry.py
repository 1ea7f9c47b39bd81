"""All types, one line each. A new type: an entry here, its module's object, and a file of cases."""

from __future__ import annotations

from typing import Final

from crab.constraints import (
    case,
    emphasis,
    format,
    items,
    judged,
    keywords,
    length,
    place,
    postscript,
    punctuation,
    quotation,
    title,
)
from crab.constraints.kinds import Judged, Type

TYPES: Final[dict[str, Type]] = {
    "length:num_words": length.num_words,
    "length:num_sentences": length.num_sentences,
    "length:num_paragraphs": length.num_paragraphs,
    "length:words_per_sentence": length.words_per_sentence,
    "length:sentences_per_paragraph": length.sentences_per_paragraph,
    "length:characters_per_word": length.characters_per_word,
    "items:num_bullets": items.num_bullets,
    "items:num_numbered": items.num_numbered,
    "items:num_steps": items.num_steps,
    "items:num_rows": items.num_rows,
    "keywords:include": keywords.include,
    "keywords:frequency": keywords.frequency,
    "keywords:exclude": keywords.exclude,
    "punctuation:no_comma": punctuation.no_comma,
    "punctuation:avoid": punctuation.avoid,
    "punctuation:sentence_end": punctuation.sentence_end,
    "place:start_with": place.start_with,
    "place:end_with": place.end_with,
    "case:all_lowercase": case.all_lowercase,
    "case:all_uppercase": case.all_uppercase,
    "case:num_capital_words": case.num_capital_words,
    "format:prose": format.prose,
    "format:bullet_list": format.bullet_list,
    "format:numbered_list": format.numbered_list,
    "format:steps": format.steps,
    "format:json": format.json,
    "format:json_block": format.json_block,
    "format:table": format.table,
    "format:code_block": format.code_block,
    "format:letter": format.letter,
    "format:headings": format.headings,
    "format:separators": format.separators,
    "emphasis:highlighted": emphasis.highlighted,
    "title:wrapped": title.wrapped,
    "title:heading": title.heading,
    "postscript:line": postscript.line,
    "quotation:whole": quotation.whole,
}

JUDGED: Final[dict[str, Judged]] = {
    "style:writing_style": judged.writing_style,
    "semantics:elements": judged.semantic_elements,
    "morphology:forms": judged.morphology,
    "language:is": judged.language,
    "hierarchy:priorities": judged.hierarchy,
    "format:other": judged.special_format,
    "paragraphs:roles": judged.paragraph_roles,
    "place:sentence": judged.specific_sentence,
    "emphasis:parts": judged.key_formatting,
    "items:details": judged.item_details,
    "devices:literary": judged.literary_devices,
    "grammar:structure": judged.grammar,
    "circumstances:situation": judged.circumstances,
}
