"""The shared library of edits: any text, any amount, the same every time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab.constraints.edits import EDITS, apply

TEXT = """# Harbour

Tea is warm, and milk is cold. Water is neither! Is "it" so? The HARBOUR (old) sleeps; don't wake it: 7 boats...

- **one** *item* of `two`
- [two](https://example.org) 🙂
1. three – <b>four</b>
> quoted

| a | b |
| --- | --- |
| 1 | 2 |

```python
x = 1
```
***
Step 1: Dig. {"a": 1} \\alpha/beta www.example.org <<End>>
    indented
P.S. Bye."""


def edited(name: str, text: str, amount: int, seed: int = 0) -> str | None:
    return apply(name, text, amount, random.Random(seed), ["harbour", "-ful"])


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_a_text_that_has_what_it_needs(name: str) -> None:
    changed = edited(name, TEXT, 1)
    assert changed is not None
    assert changed != TEXT
    assert changed == edited(name, TEXT, 1)


@pytest.mark.parametrize("name", EDITS)
@settings(max_examples=15, deadline=None)
@given(
    text=st.one_of(st.text(max_size=60), st.text(' \n.-*|#>`!a1"', max_size=60)),
    amount=st.integers(1, 70),
    seed=st.integers(0, 3),
)
def test_an_edit_takes_any_text_and_amount(name: str, text: str, amount: int, seed: int) -> None:
    changed = edited(name, text, amount, seed)
    assert changed is None or (changed.strip() and changed != text)
    assert changed == edited(name, text, amount, seed)


@pytest.mark.parametrize(
    ("name", "text", "amount", "expected"),
    [
        ("drop_comma", "a, b, c, d", 9, "a b c d"),
        ("add_comma", "a", 3, "a,,,"),
        ("drop_bullet", "- a\n- b", 2, "a\nb"),
        ("drop_item", "Some:\n- a\n- b", 2, "Some:"),
        ("repeat_item", "- a", 2, "- a\n- a\n- a"),
        ("join_sentences", "A b. C d. E f", 2, "A b, and C d, and E f"),
        ("join_paragraphs", "a\n\nb\nc", 2, "a b c"),
        ("split_paragraphs", "A b. C d.", 1, "A b.\n\nC d."),
        ("drop_last_words", "a b c d", 3, "a"),
        ("drop_last_words", "a b c d", 9, "a"),
        ("drop_opening", "A. B. C.", 2, "C."),
        ("join_words", "tea is", 1, "teais"),
        ("drop_named", "The harbour, Harbour!", 2, "The,!"),
        ("end_in_named", "tea", 1, "teaful"),
        ("change_ends", "Yes. No!", 2, "Yes! No."),
        ("upper_case", "a", 1, "A"),
        ("drop_comma", "no such mark", 1, None),
        ("drop_sentence", "All there is.", 1, None),
    ],
)
def test_what_edits_do(name: str, text: str, amount: int, expected: str | None) -> None:
    assert expected in [edited(name, text, amount, seed) for seed in range(4)]


def test_a_larger_amount_changes_more() -> None:
    for name in ("drop_sentence", "drop_words", "add_words", "repeat_sentence", "drop_last_words", "add_exclamation"):
        sizes = [abs(len(edited(name, TEXT, amount) or "") - len(TEXT)) for amount in (1, 2, 4)]
        assert sizes == sorted(set(sizes)), name
