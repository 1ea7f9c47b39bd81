"""What the edits drop and add: patterns and pieces of text, by name."""

from __future__ import annotations

from typing import Final

PATTERNS: Final = {
    "bullet": r"^[ \t]*[-*+•‣◦▪–][ \t]+",
    "number": r"^[ \t]*\d+[.)][ \t]+",
    "heading": r"^ {0,3}#{1,6}[ \t]+",
    "block_quote": r"^ {0,3}>[ \t]?",
    "fence": r"^[ \t]*(?:```|~~~).*\n?",
    "table_rule": r"^[ \t]*\|?[ \t]*:?-[-:| \t]*\n?",
    "table_row": r"^[ \t]*\|.*\n?",
    "separator": r"^[ \t]*(?:[-*_=][ \t]*){3,}$\n?",
    "step": r"^[ \t#*_>\"“-]*step \d+[*_]*[ \t]*[:.)–—-][ \t]*",
    "label": r"^[^\n:]{1,60}:[ \t]*",
    "bold": r"\*\*|__",
    "italics": r"(?<![*_])[*_](?![*_])",
    "stars": r"\*+",
    "code": r"`",
    "comma": r",",
    "exclamation": r"!",
    "question": r"\?",
    "full_stop": r"\.",
    "colon": r":",
    "semicolon": r";",
    "dash": r"[-–—]",
    "ellipsis": r"\.\.\.|…",
    "quotation": r'["“”„«»]',
    "parenthesis": r"[()]",
    "bracket": r"[\[\]{}]",
    "angle": r"<<?|>>?",
    "bar": r"[ \t]*\|[ \t]*",
    "slash": r"/",
    "digits": r"\d+",
    "emoji": "[\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?",
    "link": r"https?://\S+|www\.\S+",
    "tag": r"</?[a-zA-Z][^<>\n]{0,80}>",
    "command": r"\\[a-zA-Z]+|\$",
    "indent": r"^[ \t]+",
}
"""Name -> what an edit drops: each match, line by line, whatever its case."""

AT_A_WORD: Final = {
    "comma": ",",
    "exclamation": "!",
    "question": "?",
    "full_stop": ".",
    "colon": ":",
    "semicolon": ";",
    "dash": "-",
    "long_dash": "—",
    "ellipsis": "...",
    "slash": "/",
    "star": "*",
    "hash": "#",
    "at_sign": "@",
    "percent": "%",
}
"""Name -> mark that an edit puts right behind a word."""
IN_A_LINE: Final = {
    "parenthesis": "(more)",
    "quotation": '"more"',
    "single_quotation": "'more'",
    "digit": "7",
    "number": "2024",
    "capitals": "NOTE",
    "capitalised": "Note",
    "bold": "**more**",
    "italics": "*more*",
    "code": "`more`",
    "link": "[more](https://example.org)",
    "address": "https://example.org",
    "placeholder": "[more]",
    "tag": "<b>more</b>",
    "emoji": "🙂",
    "contraction": "don't",
    "hyphenated": "well-known",
    "long_word": "incomprehensibilities",
    "short_word": "so",
    "first_person": "I",
    "second_person": "you",
}
"""Name -> text that an edit puts between words."""
AS_A_BLOCK: Final = {
    "bullet": "- One more point",
    "numbered_item": "1. One more point",
    "heading": "# More",
    "subheading": "## More",
    "block_quote": "> More",
    "table": "| More | Less |\n| --- | --- |\n| yes | no |",
    "code_block": "```python\nmore = 1\n```",
    "separator": "***",
    "rule": "---",
    "json": '{"more": true}',
    "label": "Note: more of it",
    "section": "Section 1",
    "step": "Step 1: More of it",
    "greeting": "Dear reader,",
    "sign_off": "Best regards,",
    "postscript": "P.S. More later.",
    "title": "<<More>>",
    "markup": "<p>More</p>",
    "formula": "$$x = 1$$",
    "plain_line": "more of it",
    "sentence": "That is all there is to it.",
    "question_line": "Is that all there is to it?",
}
"""Name -> lines that an edit puts above or below the text."""
GERMAN: Final = (
    "Das ist noch nicht alles, was wir dazu sagen wollen.",
    "Morgen sprechen wir in aller Ruhe weiter darüber.",
    "Bitte schreiben Sie uns, wenn Ihnen etwas nicht gefällt.",
)
"""Sentences in another language than most responses'."""
ENGLISH: Final = (
    "There is more that we would like to say about this.",
    "Tomorrow we will talk about it again in peace and quiet.",
    "Please write to us when something is not as you want it.",
)
"""The same for responses that are not English."""
