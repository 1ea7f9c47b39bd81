"""What a model or a file says is never run: no eval, no exec, no unpickling anywhere in the package."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "crab").rglob("*.py"), *(ROOT / "stages").rglob("*.py"), *(ROOT / "conf").rglob("*.py")])
CALLS = {"eval", "exec", "compile", "__import__"}
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "diskcache", "jsonpickle"}
YAML_LOADERS = {"load", "load_all", "unsafe_load", "full_load"}


def offences(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            found += [f"imports {name}" for name in names if name.partition(".")[0] in MODULES]
        if not isinstance(node, ast.Call):
            continue
        function, keywords = node.func, {keyword.arg: keyword.value for keyword in node.keywords}
        if isinstance(function, ast.Name) and function.id in CALLS:
            found.append(f"calls {function.id}")
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            name = f"{function.value.id}.{function.attr}"
            weights_only = keywords.get("weights_only")
            if name == "torch.load" and not (isinstance(weights_only, ast.Constant) and weights_only.value is True):
                found.append("torch.load without weights_only=True")
            if function.value.id == "yaml" and function.attr in YAML_LOADERS and "Loader" in keywords:
                found.append(name)
            if name in ("os.system", "os.popen") or (
                function.value.id == "subprocess"
                and isinstance(keywords.get("shell"), ast.Constant)
                and keywords["shell"].value is True  # type: ignore[union-attr]
            ):
                found.append(f"{name} through a shell")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_is_executed_or_unpickled(file: Path) -> None:
    assert offences(ast.parse(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "eval(text)",
        "exec(text)",
        "import pickle",
        "from pickle import loads",
        "import joblib.numpy_pickle",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_the_search_finds(line: str) -> None:
    assert offences(ast.parse(line))
