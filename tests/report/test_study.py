"""The study's document on records made by hand: compared with a text on file, and what it must not say."""

from __future__ import annotations

import random
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crab.cli import study_findings
from crab.cli.comparison import Scores
from crab.cli.studies import Arm, Claim, Claims, NotRun, Question, Size, Study, Sweep
from crab.cli.study_records import Found
from crab.report import study, study_figures
from crab.report.studied import Run, Studied

GOLDEN = Path(__file__).parent / "golden" / "study.md"
ACCURACY = {"plain": 0.1, "crab": 0.5, "same": 0.1, "more": 0.52}
SWEEP = Sweep(
    title="By <value>",
    about="Percent",
    name="line",
    arms={"0": "plain", "1": "crab"},
    control="same",
    control_name="level",
)
CLAIMS = Claims(
    margin_points=3.0,
    questions=[
        Question(
            title="Constraints",
            asks="Do they help?",
            claims=[
                Claim(says="They do | really", paper="10 to 50", compare=("crab/sft", "plain/sft")),
                Claim(says="They do not", compare=("crab/sft", "plain/sft"), expected="lower"),
                Claim(says="The same helps", compare=("same/sft", "plain/sft"), on="unseen"),
                Claim(says="An arm that is not in this size helps", compare=("huge/sft", "plain/sft")),
                Claim(says="An arm without runs helps", compare=("lost/sft", "plain/sft")),
            ],
            not_run=[NotRun(says="It helps at 7B", paper="54.5", why="no GPU")],
        ),
        Question(
            title="Preferences",
            asks="Do they?",
            claims=[Claim(says="DPO lifts SFT", compare=("crab/dpo", "crab/sft"), measure="instruction")],
        ),
        Question(
            title="Size", asks="Does it matter?", claims=[Claim(says="It does", compare=("huge/sft", "crab/sft"))]
        ),
    ],
    sweeps=[SWEEP],
)


def made(seeds: tuple[int, ...]) -> Studied:
    """A study of four arms, one without runs."""
    arms = {
        "plain": Arm(about="No constraints.", overrides=["mix=none"]),
        "crab": Arm(about="Constraints.", overrides=[], trains="dpo"),
        "same": Arm(about="Like plain.", overrides=["a=1", "b=2"]),
        "lost": Arm(about="Its runs are gone.", overrides=["c=1"]),
    }
    size = Size(question="Does it work?", every=["mix.max_records=10"], random_seeds=[*seeds])
    own = Study("small", size, arms, ("huge",), CLAIMS, ("dpo.prompts=1",))
    runs = [run(arm, seed) for arm in ("plain", "crab", "same") for seed in seeds]
    missing = tuple(point.name for point in own.points() if point.arm == "lost")
    return study_findings.studied(own, Found(tuple(runs), {}, missing, ()), scores(seeds))


def run(arm: str, seed: int) -> Run:
    accuracy = ACCURACY[arm] + seed / 100
    metrics = {
        "heldout/chance/prompt_strict": 0.08,
        "heldout/sft/prompt_strict": accuracy,
        "heldout/sft/prompt_strict.low": accuracy - 0.05,
        "heldout/sft/prompt_strict.high": accuracy + 0.05,
        "heldout/dpo/prompt_strict": accuracy + 0.02,
        "sft/read_tokens": 2_500_000.0,
    }
    seconds = {"seed": 1.4, "sft": 100.0 + seed} if arm != "same" else {}
    return Run(f"study_small-{arm}-random_seed{seed}", arm, seed, "0123456789abcdef"[seed % 2 :], metrics, seconds)


def scores(seeds: tuple[int, ...]) -> study_findings.ScoresOf:
    def of(arm: str, model: str, benchmark: str) -> dict[int | None, Scores]:
        if arm not in ACCURACY:
            return {}
        found: dict[int | None, Scores] = {}
        for seed in seeds:
            draw = random.Random(f"{arm}{model}{benchmark}{seed}")
            met = {f"p{number}": int(draw.random() < ACCURACY[arm]) for number in range(200)}
            found[seed] = Scores(met, dict.fromkeys(met, 1))
        return found

    return of


def test_the_document_is_the_one_on_file() -> None:
    """To write it anew after a change that is meant: python -m tests.report.test_study."""
    assert document((0, 1, 2)) == GOLDEN.read_text(encoding="utf-8")


def document(seeds: tuple[int, ...]) -> str:
    return study.markdown(made(seeds), {"Differences": "study/differences.svg"})


def test_equal_records_give_equal_bytes() -> None:
    assert document((0, 1)) == document((0, 1))
    assert study_figures.draw(made((0, 1))) == study_figures.draw(made((0, 1)))


def test_one_seed_makes_no_claim() -> None:
    text = document((0,))
    assert "holds: 0, does not hold: 0, undecided: 4." in text
    assert "every verdict is open" in text
    assert "**holds**:" not in text
    assert "**does not hold**:" not in text
    assert "all constraints met, with 95 % intervals over the prompts of the one seed" in text


def test_cells_cannot_break_a_table() -> None:
    rows = [line for line in document((0, 1)).splitlines() if line.startswith("| They do")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1


def test_what_was_not_run_is_said() -> None:
    text = document((0, 1))
    for said in (
        "- It helps at 7B (paper: 54.5): no GPU",
        "- An arm that is not in this size helps: size `small` leaves out `huge`",
        "- An arm without runs helps: its runs are missing",
        "- The run `study_small-lost-random_seed1` is not here.",
        "- Arms that this size leaves out: `huge`.",
    ):
        assert said in text


def test_pictures_are_svg_with_every_claim() -> None:
    pictures = study_figures.draw(made((0, 1, 2)))
    assert {name for name, _ in pictures.values()} == {"differences.svg", "by_value.svg"}
    for _, text in pictures.values():
        ElementTree.fromstring(text)
    differences = pictures["Differences"][1]
    for says in ("They do | really", "The same helps", "DPO lifts SFT"):
        assert says in differences
    assert "without runs" not in differences
    assert "By &lt;value&gt;" in pictures["By <value>"][1]


def test_a_study_without_runs_says_so_and_draws_nothing() -> None:
    own = Study("small", Size(question="?", random_seeds=[0]), {}, (), CLAIMS, ())
    empty = study_findings.studied(own, Found((), {}, (), ()), scores(()))
    assert study_figures.draw(empty) == {}
    assert "Verdicts on 0 claims with runs" in study.markdown(empty, {})


@pytest.mark.parametrize("arm", ["plain", "crab"])
def test_an_arm_has_the_mean_of_its_runs(arm: str) -> None:
    setting = made((0, 1, 2)).setting(arm)
    assert setting is not None
    found = setting.estimate("heldout/sft/prompt_strict")
    assert found is not None
    assert found.mean == pytest.approx(ACCURACY[arm] + 0.01)
    assert setting.seconds("sft") == pytest.approx(101)
    assert setting.seconds("dpo") is None


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(document((0, 1, 2)), encoding="utf-8")
