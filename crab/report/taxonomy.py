"""The page of all constraint types, made from the registry and the case files.

The page's head is written by hand: whatever stands before the mark is kept.
"""

from __future__ import annotations

import inspect
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from crab import constraints
from crab.constraints import registry
from crab.constraints.kinds import Type
from crab.constraints.phrasing import Choice, Form, Number, fill
from crab.core import io
from crab.core.errors import DataError, Problem
from crab.core.records import Constraint

MARK: Final = "<!-- made by `python -m crab constraints docs`: everything below -->"

_LONGEST_SHOWN = 400
_PAPER = "[CRAB](https://arxiv.org/abs/2410.24175), table 4"
_IFEVAL = "[IFEval](https://arxiv.org/abs/2311.07911)"

Case = Mapping[str, Any]


def write(page: Path, cases: Path, only_look: bool = False) -> bool:
    """Bring the generated part of the page up to date; returns whether it was not.

    Args:
        page: The page, with its mark.
        cases: Folder of the case files.
        only_look: Change nothing.

    Raises:
        DataError: The page, its mark or the case files are missing.
    """
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    head, mark, _ = old.partition(MARK)
    if not mark:
        raise DataError(Problem(str(page), "no page with the mark that the types go below", f"the mark: {MARK}"))
    new = f"{head}{MARK}\n\n{render(_read(cases))}"
    if new != old and not only_look:
        with io.replacing(page) as file:
            file.write(new)
    return new != old


def render(cases: Mapping[str, Sequence[Case]]) -> str:
    """All types by the paper's category, checkable and judged.

    Args:
        cases: By type; each with `params`, `response` and `expected`.
    """
    listed = constraints.types()
    by_category: dict[str, list[constraints.TypeInfo]] = defaultdict(list)
    for info in listed:
        by_category[info.paper_category].append(info)
    checkable = sum(info.checkable for info in listed)
    lines = [
        f"## The {len(listed)} types",
        "",
        f"{checkable} are checked by a program; {len(listed) - checkable} need a judge.",
        "",
        "| type | when a response satisfies it | IFEval |",
        "|---|---|---|",
    ]
    for category, infos in by_category.items():
        lines.append(f"| **{category}** | | |")
        lines += [
            f"| [`{info.name}`](#{_anchor(info.name)}) | {_cell(info.meaning)} | {_alias(info)} |" for info in infos
        ]
    for category, infos in by_category.items():
        lines += ["", f"## {category}"]
        for info in infos:
            lines += ["", f"### `{info.name}`", "", *_section(info, cases.get(info.name, ()))]
    return "\n".join(lines) + "\n"


def _section(info: constraints.TypeInfo, cases: Sequence[Case]) -> Iterator[str]:
    yield info.meaning
    yield ""
    if not info.checkable:
        yield f"Needs a judge. Example: “{info.example}”"
        yield ""
        yield f"Source: {_PAPER}."
        return
    kind = registry.TYPES[info.name]
    yield from _parameters(kind)
    yield "- says, for example:"
    form = kind.form(kind.example)
    yield from (f"  - {fill(phrasing, form, kind.example)}" for phrasing in form.phrasings)
    if len(kind.readings) > 1:
        yield f"- readings that must agree: {', '.join(kind.readings)}"
    source = f"{_PAPER}: {info.paper_category}" + (f"; {_IFEVAL}: `{info.ifeval}`" if info.ifeval else "")
    yield f"- source: {source}; defined in `{_module(kind)}`"
    for expected, title in ((True, "Satisfied"), (False, "Not satisfied")):
        if case := next((case for case in cases if case["expected"] is expected and _is_shown(case)), None):
            yield ""
            yield from _example(title, info.name, kind, case)


def _parameters(kind: Type) -> Iterator[str]:
    """What parameters there are, over all forms."""
    fixed: dict[str, list[str]] = defaultdict(list)
    slots: dict[str, str] = {}
    for form in kind.forms:
        for name, value in form.fixed.items():
            if (shown := json.dumps(value, ensure_ascii=False)) not in fixed[name]:
                fixed[name].append(shown)
        slots |= {name: _slot(slot) for name, slot in form.slots.items()}
    if not fixed and not slots:
        yield "- no parameters"
    for name, values in fixed.items():
        yield f"- `{name}`: {' or '.join(f'`{value}`' for value in values)}"
    for name, told in slots.items():
        where = _forms_with(kind.forms, name)
        yield f"- `{name}`: {told}{where}"


def _slot(slot: Any) -> str:
    match slot:
        case Number():
            return f"a whole number, {slot.least:,} to {slot.most:,}"
        case Choice():
            return f"one of {', '.join(f'`{value}`' for value in slot.styles)}"
        case _:
            told = (inspect.getdoc(type(slot)) or "").split("\n")[0].rstrip(".")
            return told[:1].lower() + told[1:]


def _forms_with(forms: Sequence[Form], name: str) -> str:
    having = [form for form in forms if name in form.slots]
    if len(having) == len(forms):
        return ""
    return f" (with {' or '.join(f'`{value}`' for form in having for value in form.fixed.values())})"


def _example(title: str, name: str, kind: Type, case: Case) -> Iterator[str]:
    form = kind.form(case["params"])
    sentence = fill(form.phrasings[0], form, case["params"])
    verdict = constraints.check(Constraint(name, case["params"], sentence), case["response"])
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", case["response"])), default=0))
    yield f"{title}: “{sentence}” ({_cell(verdict.reason)})"
    yield ""
    yield f"{fence}text"
    yield case["response"]
    yield fence


def _is_shown(case: Case) -> bool:
    return bool(case["response"].strip()) and len(case["response"]) <= _LONGEST_SHOWN and "\r" not in case["response"]


def _alias(info: constraints.TypeInfo) -> str:
    return f"`{info.ifeval}`" if info.ifeval else "" if info.checkable else "judged"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _anchor(name: str) -> str:
    """The fragment under which a browser finds a heading on GitHub and in most renderers."""
    return re.sub(r"[^\w-]", "", name.lower())


def _module(kind: Type) -> str:
    """The file that holds the type's object."""
    modules = [value for value in vars(registry).values() if isinstance(value, ModuleType)]
    names = [module.__name__ for module in modules if any(value is kind for value in vars(module).values())]
    return f"{(names or [registry.__name__])[0].replace('.', '/')}.py"


def _read(folder: Path) -> dict[str, list[Case]]:
    files = sorted(folder.glob("*.json"))
    if not files:
        raise DataError(Problem(str(folder), "no case files", "name their folder with --cases"))
    by_type: dict[str, list[Case]] = defaultdict(list)
    for file in files:
        for case in json.loads(file.read_text(encoding="utf-8")):
            if "expected" in case:
                by_type[case["type"]].append(case)
    return by_type
