"""The paper's categories that only a reader can decide."""

from __future__ import annotations

from crab.constraints.kinds import Judged

writing_style = Judged(
    "Writing style", "The text is written in the style or tone asked for.", "Write in a warm, informal tone."
)
semantic_elements = Judged(
    "Semantic elements",
    "The text has the theme, message or point of view asked for.",
    "Tell it from the point of view of a sailor.",
)
morphology = Judged("Morphology", "Words take the forms asked for.", "Put every verb into the past tense.")
language = Judged("Language", "Languages are mixed or varied as asked for.", "Weave in a few words of Scots.")
hierarchy = Judged(
    "Hierarchical instructions",
    "Tasks are done in the order of priority asked for.",
    "Settle the budget first, and only then the dates.",
)
special_format = Judged(
    "Special output format",
    "The text follows a format that no program here knows.",
    "Write it as the script of a short radio play.",
)
paragraph_roles = Judged(
    "Paragraphs and separators",
    "Paragraphs do what was asked of each.",
    "Let the second paragraph answer an objection.",
)
specific_sentence = Judged(
    "Specific sentence or phrase",
    "A sentence of the kind asked for stands where it was asked for.",
    "Start with a question that the text then answers.",
)
key_formatting = Judged("Key formatting", "The parts that matter are set off.", "Set the names of plants in bold.")
item_details = Judged(
    "Item listing details", "Every item of a list is made as asked for.", "Let each item name a place and a date."
)
literary_devices = Judged(
    "Literary devices", "The text uses the figure of speech asked for.", "Use an extended metaphor."
)
grammar = Judged("Grammatical structure", "Sentences are built as asked for.", "Use the passive voice throughout.")
circumstances = Judged(
    "Circumstances",
    "The answer fits the situation that the refined instruction describes.",
    "Assume that the reader has never cooked before.",
)
stated = Judged(
    "Stated with the data",
    "The response does what a sentence asks that came with the pair and that no program reads.",
    "Explain it to somebody who is in a hurry.",
)
