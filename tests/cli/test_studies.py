"""Studies: their files, what they run, and a study of two arms from the queue to its document, beside MLflow's rows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from crab.cli import compose, studies
from crab.core.errors import ConfigError
from tests.tracking.toy_project import ROOT, Project, clean_environment

SIZES = studies.names(ROOT)
FIRST_SEED = {
    point.overrides: point.name
    for size in SIZES
    for study in [studies.load(ROOT, size)]
    for point in study.points()
    if point.random_seed == study.size.random_seeds[0]
}
"""One run of every arm in every size; the others differ in `random_seed` alone."""


@pytest.mark.parametrize("overrides", FIRST_SEED, ids=FIRST_SEED.values())
def test_every_arm_composes_and_validates(overrides: tuple[str, ...]) -> None:
    compose.composed(ROOT, overrides)


@pytest.mark.parametrize("size", SIZES)
def test_no_run_is_there_twice(size: str) -> None:
    names = [point.name for point in studies.load(ROOT, size).points()]
    assert len(set(names)) == len(names)


def test_arms_that_sft_decides_spend_little_on_preferences() -> None:
    study = studies.load(ROOT, "quick")
    for arm in ("plain", "alpha_0.5", "mistral"):
        params = YAML(typ="safe").load(compose.composed(ROOT, study.overrides(arm)))
        assert params["dpo"]["source"] == "witness", "nothing is sampled"
        assert params["dpo"]["prompts"] < 50
        assert params["eval"]["models"] == ["base", "sft"]
    for arm in ("alpha_0", "best_of_n", "grpo"):
        params = YAML(typ="safe").load(compose.composed(ROOT, study.overrides(arm)))
        assert params["dpo"]["source"] == "onpolicy"
        assert "dpo" in params["eval"]["models"]


def test_the_full_size_decides_every_claim_with_five_seeds() -> None:
    study = studies.load(ROOT, "full")
    assert len(study.size.random_seeds) == 5
    assert study.left_out == ()
    for question in study.claims.questions:
        for claim in question.claims:
            assert set(claim.arms) <= set(study.arms)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("quick.yaml", "plain,", "plian,", "'plian' is not in conf/study/shared/arms.yaml"),
        ("quick.yaml", "plain,", "plain, plain,", "'plain' is there more than once"),
        ("quick.yaml", "random_seeds: [0]", "random_seeds: []", "random_seeds: List should have at least 1 item"),
        ("shared/claims.yaml", "alpha_0/sft, plain/sft", "alpha_0/sft, plain/gpt", "plain/gpt: no such model"),
        ("shared/claims.yaml", "mistral/sft, mistral/base", "mistral/dpo, mistral/base", "in earnest"),
        ("shared/claims.yaml", "margin_points: 3.0", "margin_points: 0", "margin_points: Input should be greater"),
        ("shared/claims.yaml", "control: alpha_0_matched", "control: none", "'none' is not in"),
        ("shared/arms.yaml", "    overrides: [mix=none]", "    override: [mix=none]", "arms.plain.override"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, file: str, old: str, new: str, says: str) -> None:
    for path in [*(ROOT / studies.FOLDER).rglob("*.yaml")]:
        place = tmp_path / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(path.read_text())
    place = tmp_path / studies.FOLDER / file
    assert old in place.read_text()
    place.write_text(place.read_text().replace(old, new))
    with pytest.raises(ConfigError) as caught:
        studies.load(tmp_path, "quick")
    assert says in str(caught.value)


def test_a_study_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"there are: full, quick, trial"):
        studies.load(ROOT, "huge")


ANSWERS = """\
    for model, shift in (("base", 0), ("sft", 4), ("dpo", 2)):
        verdicts = [[{"satisfied": i % 5 < 1 + shift * alpha}] for i in range(40)]
        lines += [{"model": model, "id": f"p{i}", "verdicts": v} for i, v in enumerate(verdicts)]
    for benchmark in ("heldout", "unseen"):
        io.write(Path(f"results/records/{benchmark}.jsonl"), lines)
    io.write_json(Path("results/sft.json"), {"read_tokens": 1_000_000 * (1 + alpha)})
    run.log({"loss": 1 / 3})
"""
QUERY = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
found = client.search_runs([client.get_experiment_by_name("crab").experiment_id])
rows = [run for run in found if run.data.tags["crab.kind"] == "experiment"]
print(json.dumps({run.info.run_name: [run.data.tags.get("crab.family"), run.data.metrics] for run in rows}))
"""


@pytest.mark.slow
def test_a_study_of_two_arms(project: Project) -> None:
    """The toy pipeline's accuracy grows with alpha; the document says so, and has MLflow's numbers."""
    _give_answers(project)
    (project.root / "conf/study/two.yaml").write_text(
        "question: Do two arms differ?\nrandom_seeds: [0]\narms: [alpha_0, alpha_0.5]\n"
    )
    project.commit("A study")

    assert "2 of 2 done" in project.crab("study", "run", "two").stdout
    project.crab("study", "report", "two")
    document = (project.root / "docs/study.md").read_text()
    assert "+40.0 [" in _row(document, "alpha_0.5/sft", "alpha_0/sft")
    assert "size `two` leaves out `plain`" in document
    assert re.search(r"Seconds of each stage.*: first \d+, second \d+\.", document)

    rows = _mlflow(project)
    assert set(rows) == {f"study_two-{arm}-random_seed0" for arm in ("alpha_0", "alpha_0.5")}
    for arm in ("alpha_0", "alpha_0.5"):
        _, metrics = rows[f"study_two-{arm}-random_seed0"]
        low, mean, high = (metrics[f"heldout/sft/prompt_strict{end}"] for end in (".low", "", ".high"))
        cells = _row(document, f"| `{arm}` |").split(" | ")
        assert cells[1] == f"{100 * mean:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
        assert cells[4] == f"{metrics['sft/read_tokens'] / 1e6:.2f}M"
    assert {family for family, _ in rows.values()} == {"study_two"}

    # The same records, the same bytes; and a commit of something else makes no run again.
    picture = project.root / "docs/study/differences.svg"
    before = document, picture.read_text()
    (project.root / "notes.txt").write_text("Nothing that a run sees.\n")
    project.commit("A note, the document and its pictures")
    again = project.crab("study", "run", "two").stdout
    assert again.count("has run with these values and this code") == 2
    project.crab("study", "report", "two")
    assert ((project.root / "docs/study.md").read_text(), picture.read_text()) == before

    # A changed value makes every run another one.
    size = project.root / "conf/study/two.yaml"
    size.write_text(size.read_text() + "every: [mix.max_records=7]\n")
    project.commit("Fewer records")
    old = project.crab("study", "report", "two", "--out", "old.md").stderr
    assert old.count("was made with other values or other code") == 2


def _give_answers(project: Project) -> None:
    second = project.root / "stages" / "second.py"
    text = second.read_text().replace('    run.log({"loss": 1 / 3})\n', "    lines = []\n" + ANSWERS)
    low = "    low = 0.25 + alpha / 10\n"
    assert low in text
    # The toy's own numbers are those of its answers.
    text = text.replace(low, "    low = (1 + 4 * alpha) / 5 - 0.05\n")
    second.write_text(text)
    pipeline = project.root / "dvc.yaml"
    text = pipeline.read_text().replace("[models/second]", "[models/second, results/records]")
    text = text.replace("params: [sft.aux_weight]", "params: [sft.aux_weight, mix.max_records, random_seed]")
    pipeline.write_text(
        text.replace("metrics: [results/metrics.json]", "metrics: [results/metrics.json, results/sft.json]")
    )


def _row(document: str, *parts: str) -> str:
    return next(line for line in document.splitlines() if all(part in line for part in parts) and line.startswith("|"))


def _mlflow(project: Project) -> dict[str, tuple[str, dict[str, float]]]:
    environment = clean_environment() | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_LOGGING_LEVEL": "ERROR"}
    command = [sys.executable, "-c", QUERY, f"sqlite:///{project.root}/mlflow.db"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, tuple[str, dict[str, float]]] = json.loads(done.stdout)
    return {name: row for name, row in found.items() if re.match("study_", name)}
