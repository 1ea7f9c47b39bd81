"""The page of all types: in step with the registry, and its worked example works when followed to the letter."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crab import constraints
from crab.core.errors import DataError
from crab.report import taxonomy

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "constraints.md"
CASES = ROOT / "tests" / "cases"


def test_the_page_is_in_step() -> None:
    assert not taxonomy.write(PAGE, CASES, only_look=True), "run `python -m crab constraints docs`"


def test_every_type_has_its_section_with_a_pass_and_a_fail() -> None:
    _, _, made = PAGE.read_text(encoding="utf-8").partition(taxonomy.MARK)
    sections = dict(zip(*[iter(re.split(r"^### `(.+)`$", made, flags=re.MULTILINE)[1:])] * 2, strict=True))
    told = constraints.types()
    assert set(sections) == {info.name for info in told}
    for info in told:
        section = sections[info.name]
        assert info.meaning in section
        assert info.example in section
        if info.checkable:
            assert re.search(r"^Satisfied: ", section, re.MULTILINE), info.name
            assert re.search(r"^Not satisfied: ", section, re.MULTILINE), info.name
            assert info.ifeval in section


def test_links_of_the_table_lead_to_sections() -> None:
    page = PAGE.read_text(encoding="utf-8")
    targets = {re.sub(r"[^\w-]", "", heading.lower()) for heading in re.findall(r"^### `(.+)`$", page, re.MULTILINE)}
    links = re.findall(r"\]\(#([^)]+)\)", page)
    assert len(links) == len(constraints.types())
    assert set(links) == targets


def test_what_is_written_by_hand_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"By hand.\n{taxonomy.MARK}\nold")
    assert taxonomy.write(page, CASES)
    assert page.read_text().startswith(f"By hand.\n{taxonomy.MARK}\n\n## ")
    assert not taxonomy.write(page, CASES)


@pytest.mark.parametrize(
    ("text", "cases", "message"), [("no mark", CASES, "mark"), (taxonomy.MARK, ROOT / "no", "case")]
)
def test_what_is_missing_is_said(tmp_path: Path, text: str, cases: Path, message: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(DataError, match=message):
        taxonomy.write(page, cases)


def test_the_python_example_runs() -> None:
    [code, *_] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "at most 19 asked" in done.stdout


FOLLOWED = """
import json, sys
from crab import constraints
response, asked, other = sys.argv[1:]
derived = [c for c in constraints.derive(response) if c.type == "letters:line_initial"]
mutation = next(constraints.mutate(derived[0], response, keep=[constraints.parse(other)]))
print(json.dumps({
    "derived": [c.params for c in derived],
    "witness": derived[0].witness,
    "parsed": constraints.parse(asked).params,
    "holds": constraints.check(constraints.parse(asked), response).satisfied,
    "mutated": [constraints.check(derived[0], mutation.response).satisfied, mutation.edit],
    "told": [info.paper_category for info in constraints.types() if info.name == "letters:line_initial"],
}))
"""


def test_a_type_is_added_as_the_page_says(tmp_path: Path) -> None:
    """Takes the three code blocks of the worked example, puts them where it says, and asks the library."""
    guide = PAGE.read_text(encoding="utf-8").partition("## Adding a type")[2].partition(taxonomy.MARK)[0]
    module, registry_lines, cases = re.findall(r"```(?:python|json)\n(.*?)```", guide, re.DOTALL)
    module_path, registry_path, cases_path = (
        tmp_path / name for name in re.findall(r"^\*\*\d\. .*?`((?:crab|tests)/\S+)`", guide, re.MULTILINE)
    )
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "crab", tmp_path / "crab", ignore=ignored)
    shutil.copytree(CASES, tmp_path / "tests" / "cases", ignore=ignored)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")

    module_path.write_text(module)
    import_line, entry = registry_lines.splitlines()
    registry = registry_path.read_text()
    registry = registry.replace("\nTYPES: ", f"\n{import_line}\n\nTYPES: ", 1)
    registry_path.write_text(re.sub(r"(TYPES: .* = \{\n)", rf"\g<1>{entry}\n", registry, count=1))
    cases_path.write_text(cases)

    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = json.loads(cases)[0]
    found = json.loads(
        run("-c", FOLLOWED, first["response"], 'Give each line the initial letter "T".', "Use no emoji.")
    )
    assert found["derived"] == [{"letter": "t"}]
    assert found["witness"] == "lines begin with t"
    assert found["parsed"] == {"letter": "T"}
    assert found["holds"] is True
    assert found["mutated"][0] is False
    assert found["told"] == ["Literary devices"]
    assert "written" in run("-m", "crab", "constraints", "docs")
    page = (tmp_path / "docs" / "constraints.md").read_text(encoding="utf-8")
    assert "### `letters:line_initial`" in page
    assert "crab/constraints/initials.py" in page.partition(taxonomy.MARK)[2]
