"""Rules on every word, or on words in certain places (`words:`)."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from crab.evaluation.decisions import Undecided
from crab.evaluation.ifbench.asked import EDGE, Asked, bare, unless, worded

_VOWELS = frozenset("aeiou")
_CONSONANTS = frozenset(string.ascii_lowercase) - _VOWELS
_PALINDROMES = 10
_PALINDROME_LETTERS = 5
_LONGEST_PRIME = 97
"""Words that are longer have no prime length for the official code."""


def alphabet(response: str, asked: Asked) -> str | None:
    words = bare(response).split()
    if not words:
        return "no words"
    letters = string.ascii_lowercase
    first = words[0][0].lower()
    if first not in letters:
        return f"begins with {words[0]}"
    for place, word in enumerate(words):
        letter = letters[(letters.index(first) + place) % len(letters)]
        if word.lower()[0] != letter:
            return f"word {place + 1} is {word}, not one with {letter}"
    return None


def vowel(response: str, asked: Asked) -> str | None:
    if "\n" in response.strip():
        return "more than one line"
    found = sorted(_VOWELS & set(response.lower()))
    return unless(len(found) <= 3, f"vowels {' '.join(found)}")


def consonants(response: str, asked: Asked) -> str | None:
    """Numbers and lone marks are words without a cluster."""
    return _clustered(response.lower().split())


def clustered_words(response: str, asked: Asked) -> str | None:
    """As `consonants`, for what holds a letter."""
    return _clustered([word for word in response.lower().split() if any(letter.isalpha() for letter in word)])


def palindrome(response: str, asked: Asked) -> str | None:
    words = [word for word in bare(response).lower().split() if len(word) >= _PALINDROME_LETTERS]
    found = sum(word == word[::-1] for word in words)
    return unless(found >= _PALINDROMES, f"{found} palindromes of {_PALINDROMES}")


def prime_lengths(response: str, asked: Asked) -> str | None:
    odd = [word for word in bare(response).split() if not _is_prime(len(word))]
    return unless(not odd, f"{len(odd)} words of other lengths, the first: {''.join(odd[:1])}")


def repeats(response: str, asked: Asked) -> str | None:
    most = asked.number("small_n")
    words = Counter(bare(response.lower()).split()).most_common(1)
    return unless(all(times <= most for _, times in words), f"{words} occurs more than {most} times")


def no_consecutive(response: str, asked: Asked) -> str | None:
    for one, other in pairwise(bare(response.lower()).split()):
        if one[0] == other[0]:
            return f"{one} {other} share a first letter"
    return None


def odd_even_syllables(response: str, asked: Asked) -> str | None:
    words = bare(response).lower().split()
    odd = [asked.tables.syllables(word) % 2 for word in words]
    for place, (one, other) in enumerate(pairwise(odd)):
        if one == other:
            return f"{words[place]} {words[place + 1]} both have {'odd' if one else 'even'} syllables"
    return None


def start_verb(response: str, asked: Asked) -> str | None:
    tokens = asked.tables.tokens(response)
    if not tokens:
        return "no words"
    tag = asked.tables.tag(tokens)
    return unless("VB" in tag, f"{tokens[0]} is tagged {tag}")


def last_first(response: str, asked: Asked) -> str | None:
    """A mark behind the first word of a sentence makes it another word."""
    for one, other in pairwise(asked.tables.sentences(response)):
        ends, starts = one.rstrip(EDGE).split(), other.lstrip(EDGE).split()
        if not ends or not starts:
            return "a sentence without words"
        if ends[-1].lower() != starts[0].lower():
            return f"{ends[-1]} is followed by {starts[0]}"
    return None


def last_first_words(response: str, asked: Asked) -> str | None:
    """As `last_first`, without the marks around words."""
    sentences = [cores(sentence) for sentence in asked.tables.sentences(response)]
    for ends, starts in pairwise(words for words in sentences if words):
        if ends[-1] != starts[0]:
            return f"{ends[-1]} is followed by {starts[0]}"
    return None


def paragraph_last_first(response: str, asked: Asked) -> str | None:
    """A mark behind the first word of a paragraph makes it another word."""
    return _circular([line.strip().lower().strip(EDGE).split() for line in response.split("\n")])


def paragraph_last_first_words(response: str, asked: Asked) -> str | None:
    """As `paragraph_last_first`, without the marks around words."""
    return _circular([cores(line) for line in response.split("\n")])


def keywords_specific_position(response: str, asked: Asked) -> str | None:
    """Punctuation marks count as words."""
    return _at_position(response, asked, lambda tokens: tokens)


def keyword_at_word(response: str, asked: Asked) -> str | None:
    return _at_position(response, asked, worded)


def words_position(response: str, asked: Asked) -> str | None:
    """Punctuation marks count as words: the full stop at the end makes the last word the second to last."""
    return _second_and_penultimate(asked.tables.tokens(response), asked)


def keyword_second_and_penultimate(response: str, asked: Asked) -> str | None:
    return _second_and_penultimate(worded(asked.tables.tokens(response)), asked)


def cores(text: str) -> list[str]:
    """Lower-case words without the marks around them."""
    return [core for word in text.lower().split() if (core := word.strip(EDGE + "“”‘’"))]


def _clustered(words: list[str]) -> str | None:
    for word in words:
        if not any(one in _CONSONANTS and other in _CONSONANTS for one, other in pairwise(word)):
            return f"{word} has no two consonants together"
    return None


def _is_prime(number: int) -> bool:
    return 1 < number <= _LONGEST_PRIME and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def _circular(paragraphs: list[list[str]]) -> str | None:
    for words in paragraphs:
        if words and words[0] != words[-1]:
            return f"a paragraph begins with {words[0]} and ends with {words[-1]}"
    return None


def _at_position(response: str, asked: Asked, reading: Callable[[list[str]], list[str]]) -> str | None:
    sentence, place = asked.number("n"), asked.number("m")
    if sentence == 0 or place == 0:
        raise Undecided("place 0: the official code draws another at random")
    keyword = asked.text("keyword").strip().lower()
    sentences = asked.tables.sentences(response)
    if len(sentences) < sentence:
        return f"{len(sentences)} sentences, fewer than {sentence}"
    words = reading(asked.tables.tokens(sentences[sentence - 1]))
    if len(words) < place:
        return f"sentence {sentence} has {len(words)} words, fewer than {place}"
    found = words[place - 1].lower()
    return unless(found == keyword, f"word {place} of sentence {sentence} is {found}, not {keyword}")


def _second_and_penultimate(tokens: list[str], asked: Asked) -> str | None:
    keyword = asked.text("keyword").strip().lower()
    if len(tokens) < 2:
        return "fewer than two words"
    found = tokens[1].lower(), tokens[-2].lower()
    return unless(found == (keyword, keyword), f"{found[0]} and {found[1]}, not {keyword}")
