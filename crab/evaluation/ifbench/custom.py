"""Rules that belong to one prompt each (`custom:`)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from itertools import pairwise

from crab.evaluation.ifbench.asked import EDGE, Asked, bare, unless
from crab.evaluation.ifbench.tables import ascii_only

_COUNTRIES = 52
"""Lines that the list of Africa's countries has to have, from Zimbabwe on."""
_CAPITALS = (
    "Reykjavik Helsinki Oslo Tallinn Stockholm Riga Moscow Copenhagen Vilnius Minsk Dublin Berlin Amsterdam Warsaw "
    "London Brussels Prague Luxembourg Paris Vienna Bratislava Budapest Vaduz Chisinau Bern Ljubljana Zagreb"
).split()
"""Capitals of Europe above 45 degrees north, from the north; the official list lacks Kyiv."""
_CITY_COLUMNS = ["ID", "Country", "City", "Year", "Count"]
_PRODUCT_COLUMNS = ["ProductID", "Category", "Brand", "Price", "Stock"]
_STUDENT_COLUMNS = ["StudentID", "Subject", "Grade", "Semester", "Score"]
_NAPOLEON = (1769, 1821)
"""Years of his birth and death."""
_KEPT = '"""'
"""A quotation mark that the reader of a table hands back as one, so that a field keeps its own."""
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def multiples(response: str, asked: Asked) -> str | None:
    found = re.findall(r"\d+", response)
    return unless(found == ["14", "21", "28", "35", "42", "49"], f"numbers {' '.join(found[:9])}")


def mcq_count_length(response: str, asked: Asked) -> str | None:
    if not response.startswith("Question"):
        return "begins with something else than a question"
    questions = [part for part in re.split(r"\n*Question \d+[.|):;]?\s*", response) if part.strip()]
    if len(questions) != 4:
        return f"{len(questions)} questions"
    lengths = []
    for question in questions:
        lines = [line.strip() for line in question.strip().split("\n")]
        options = [place for place, line in enumerate(lines) if re.match(r"[A-Ea-e][.|)]\s*\w", line)]
        if len(options) != 5:
            return f"{len(options)} options to a question"
        lengths.append(len(" ".join(lines[: options[0]]).strip()))
    return unless(all(one < other for one, other in pairwise(lengths)), f"lengths of the questions: {lengths}")


def reverse_newline(response: str, asked: Asked) -> str | None:
    lines = [core for line in response.split("\n") if (core := line.strip(EDGE))]
    start = next((place for place, line in enumerate(lines) if "Zimbabwe" in line), None)
    if start is None:
        return "without Zimbabwe"
    countries = [ascii_only(line) for line in lines[start:]]
    if len(countries) < _COUNTRIES:
        return f"{len(countries)} lines from Zimbabwe on"
    return unless(countries == sorted(countries, reverse=True), "not in reverse alphabetical order")


def word_reverse(response: str, asked: Asked) -> str | None:
    """Whether the reversed words make a sentence is not decided by the official code either."""
    reversed_ = " ".join(reversed(bare(response.lower()).split()))
    if "bald eagle" not in reversed_:
        return "without the bald eagle in reverse"
    return unless(asked.tables.sentences(reversed_) == [reversed_], "more than one sentence")


def character_reverse(response: str, asked: Asked) -> str | None:
    return unless("elgae dlab" in response.lower(), "without the bald eagle in reverse")


def sentence_alphabet(response: str, asked: Asked) -> str | None:
    """A quotation mark before the first word makes it begin with none of the letters."""
    return _alphabetical([sentence.strip() for sentence in asked.tables.sentences(response)])


def sentence_alphabet_of_words(response: str, asked: Asked) -> str | None:
    """As `sentence_alphabet`, without the marks before a sentence."""
    return _alphabetical([sentence.lstrip(EDGE + "“‘\n\t") for sentence in asked.tables.sentences(response)])


def european_capitals_sort(response: str, asked: Asked) -> str | None:
    return unless(_cities(response) == _CAPITALS, "not the capitals in order")


def capitals_with_kyiv(response: str, asked: Asked) -> str | None:
    """As `european_capitals_sort`, with Kyiv (50.45 degrees), between Brussels (50.85) and Prague (50.08)."""
    expected = list(_CAPITALS)
    expected.insert(expected.index("Prague"), "Kyiv")
    return unless(["Kyiv" if city == "Kiev" else city for city in _cities(response)] == expected, "not in order")


def csv_city(response: str, asked: Asked) -> str | None:
    rows = _rows(response, ",")
    return _table(rows, 7) or unless(rows[0] == _CITY_COLUMNS, f"columns {rows[0]}")


def csv_special_character(response: str, asked: Asked) -> str | None:
    """Rows behind the first special field are not looked at."""
    if (problem := _header(response, _PRODUCT_COLUMNS, r",[ \t]*")) is not None:
        return problem
    rows = _rows(response.replace('"', _KEPT), ",")
    if len(rows) != 15:
        return f"{len(rows)} rows with the header, not 15"
    for row in rows[1:]:
        if len(row) != 5:
            return f"a row of {len(row)} fields"
        if any(_is_special(field) for field in row):
            return None
    return "no quoted field with a special character"


def csv_special_character_everywhere(response: str, asked: Asked) -> str | None:
    """As `csv_special_character`, with all rows looked at, and a comma as a special character."""
    rows = _rows(response, ",", skipinitialspace=True)
    special = re.search(r'"[^"\n]*[^\w\s"][^"\n]*"', response.partition("\n")[2])
    return (
        _table(rows, 14)
        or unless([cell.strip() for cell in rows[0]] == _PRODUCT_COLUMNS, f"columns {rows[0]}")
        or unless(special is not None, "no quoted field with a special character")
    )


def csv_quotes(response: str, asked: Asked) -> str | None:
    if (problem := _header(response, _STUDENT_COLUMNS, r"\t *")) is not None:
        return problem
    rows = _rows(response.replace('"', _KEPT), "\t")
    if (problem := _table(rows, 3)) is not None:
        return problem
    # On an empty field the official code crashes; here it is one that is not quoted.
    quoted = all(field.strip()[:1] == '"' == field.strip()[-1:] for row in rows for field in row)
    return unless(quoted, "a field without quotation marks")


def date_format_list(response: str, asked: Asked) -> str | None:
    """Month 00, day 00 and the 29th of February of any year pass."""
    return _dates(response, lambda _, month, day: month <= 12 and (month == 0 or day <= _DAYS[month - 1]))


def date_list(response: str, asked: Asked) -> str | None:
    """As `date_format_list`, for days that exist."""
    return _dates(response, _exists)


def _alphabetical(sentences: list[str]) -> str | None:
    if len(sentences) != 26:
        return f"{len(sentences)} sentences, not 26"
    for place, sentence in enumerate(sentences):
        letter = chr(ord("a") + place)
        if sentence[:1].lower()[:1] != letter:
            return f"sentence {place + 1} does not begin with {letter}"
    return None


def _cities(response: str) -> list[str]:
    return [city.strip() for city in ascii_only(response).split(",") if city.strip()]


def _table(rows: list[list[str]], count: int) -> str | None:
    if len(rows) != count + 1:
        return f"{len(rows)} rows with the header, not {count + 1}"
    uneven = [len(row) for row in rows[1:] if len(row) != 5]
    return unless(not uneven, f"rows of {uneven} fields")


def _header(response: str, columns: list[str], separator: str) -> str | None:
    pattern = separator.join(rf'({name}|"{name}")' for name in columns)
    return unless(re.fullmatch(pattern, response.split("\n")[0].strip()) is not None, "another header")


def _rows(text: str, delimiter: str, skipinitialspace: bool = False) -> list[list[str]]:
    """Rows of a table; none where it cannot be read, on which the official code crashes."""
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=skipinitialspace))
    except csv.Error:
        return []


def _is_special(field: str) -> bool:
    return re.match(r'"[^\n]*[^\w\s][^\n]*"', field) is not None


def _dates(response: str, is_day: Callable[[int, int, int], bool]) -> str | None:
    for item in response.strip().split(","):
        found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", item.strip())
        if found is None:
            return f"not a date: {item.strip()[:40]}"
        year, month, day = map(int, found.groups())
        if not _NAPOLEON[0] <= year <= _NAPOLEON[1] or not is_day(year, month, day):
            return f"not a day of his life: {item.strip()}"
    return None


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
