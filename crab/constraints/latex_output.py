"""LaTeX in a response: environments and formulas."""

from __future__ import annotations

from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params, Phrase
from crab.constraints.quantity import AT_LEAST, EXACTLY, amounts, counted
from crab.core import latex
from crab.core.text import Measures, once


@once
def _environments(m: Measures) -> tuple[str, ...]:
    return latex.scan(m.text).environments if "\\begin" in m.text else ()


def _derive_environment(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    names = [name for name in dict.fromkeys(_environments(m)) if _ENVIRONMENT.problem(name) is None]
    return [{"name": rng().choice(names)}] if names else []


def _check_environment(m: Measures, params: Params, reading: str) -> Finding:
    found = [*dict.fromkeys(_environments(m))]
    shown = f"the LaTeX environments {', '.join(found)[:100]}" if found else "no LaTeX environment"
    return Finding(params["name"] in found, shown, params["name"])


_ENVIRONMENT: Final = Phrase(1)

environment = Type(
    paper="Special output format",
    meaning=r"The LaTeX environment begins somewhere: \begin{name}.",
    example={"name": "itemize"},
    derive=_derive_environment,
    check=_check_environment,
    forms=(
        Form(
            slots={"name": _ENVIRONMENT},
            phrasings=(
                "Use the LaTeX environment {name}.",
                "Somewhere in the LaTeX code, open an environment called {name}.",
                "The LaTeX must have an environment {name}.",
                "Set something in the {name} environment of LaTeX.",
                "There should be a LaTeX environment with the name {name}.",
                "Let the LaTeX code make use of the environment {name}.",
            ),
            hearings=("use (a|an|the) {name} environment(| in the latex| in latex)",),
        ),
    ),
)


@once
def _formulas(m: Measures) -> list[str]:
    return latex.formulas(m.text)


num_formulas = counted(
    paper="Special output format",
    meaning=r"The number of LaTeX formulas between $, $$, \( \) or \[ \], code aside, stands in the relation to n.",
    one="LaTeX formula",
    many="LaTeX formulas",
    counts={"delimited": lambda m: len(_formulas(m))},
    prefer=(AT_LEAST, AT_LEAST, EXACTLY),
    when=lambda m: any(sign in formula for formula in _formulas(m) for sign in "\\^_="),
    fewest=1,
    forms=amounts(
        "formula in LaTeX",
        "formulas in LaTeX",
        also_called=(("LaTeX formula", "LaTeX formulas"), ("LaTeX equation", "LaTeX equations")),
    ),
)
