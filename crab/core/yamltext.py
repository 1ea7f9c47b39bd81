"""YAML: a text as the value that it describes, read by a safe loader."""

from __future__ import annotations

import re
import warnings
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

MAX_CHARACTERS: Final = 20_000
"""Longer texts are not read: the loader is written in Python, and takes a second for 100,000 characters."""

_BLOCK_LINE: Final = re.compile(r"(?:- |-$|---|\.\.\.|#|[^\s].*?:(?:\s|$))")
"""How every line of block YAML begins that is not indented."""


def parse(text: str) -> tuple[Any, str]:
    """A block-style mapping or sequence and what is wrong with it ("" if nothing). Braces around it make it JSON."""
    if len(text) > MAX_CHARACTERS:
        return None, f"longer than {MAX_CHARACTERS} characters"
    for number, line in enumerate(text.split("\n"), 1):
        if line and not line[0].isspace() and not _BLOCK_LINE.match(line):
            return None, f"neither a key nor an item (line {number})"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the loader's doubts about style are no matter here
            value = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        return None, f"{getattr(error, 'problem', None) or 'not YAML'}{where}"
    except RecursionError:
        return None, "nested too deeply"
    except ValueError as error:  # a date or number that looks like one and is none
        return None, str(error)
    return (value, "") if isinstance(value, dict | list) else (None, "neither keys nor items")
