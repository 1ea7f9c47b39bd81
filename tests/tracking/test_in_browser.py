"""MLflow's own pages in headless Chromium, served from a store that our tracking wrote."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote

import pytest

from crab.tracking import board, journal, note, process, store
from crab.tracking.journal import Row
from tests import browser
from tests.tracking.toy_project import clean_environment

pytestmark = pytest.mark.slow

ROW = Row(
    key="c.d/workspace/p",
    name="default",
    family="",
    commit="c" * 40,
    dirty=False,
    status="finished",
    started=1_700_000_000.0,
    ended=1_700_000_100.0,
    params={"sft.aux_weight": "0.25", "model.name": "tiny"},
    metrics={
        "accuracy/heldout_sft": 38.75,
        "accuracy_interval/heldout_sft_low": 34.0,
        "heldout/sft/prompt_strict": 0.3875,
        "heldout/sft/prompt_strict.low": 0.34,
        "heldout/sft/prompt_strict.high": 0.435,
        "heldout/sft/prompt_strict.n": 400.0,
        "seed/kept": 9000.0,
    },
    stages={"sft": "executed"},
    files={note.SHOWN: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'},
)
ABLATION = replace(
    ROW,
    key="c.d/no-reverse/q",
    name="no-reverse",
    family="alpha",
    params={"sft.aux_weight": "0.0", "model.name": "tiny"},
    metrics=ROW.metrics | {"accuracy/heldout_sft": 36.5},
    question="What does the reverse task add?",
    changes={"sft.aux_weight": ("0.25", "0.0")},
)


@dataclass(frozen=True)
class Served:
    """A store behind MLflow's server."""

    address: str
    experiment_id: str
    runs: dict[str, str]
    """Name -> id."""
    profile: Path

    def read(self, fragment: str, *words: str) -> str:
        """The text of one of MLflow's pages."""
        return browser.read_until(f"{self.address}/{fragment}", self.profile, words)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("served")
    (place / ".dvc").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", *process.QUIET):
            patch.delenv(name, raising=False)
        for name, value in (process.QUIET | {"CRAB_ROOT": str(place)}).items():
            patch.setenv(name, value)
        journal.folder().mkdir(parents=True)
        opened = store.connect("crab")
        runs = {row.name: opened.write_experiment(row) for row in (ROW, ABLATION)}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", f"sqlite:///{place}/mlflow.db"]
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        cwd=place,
        env=clean_environment() | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(f"{address}/health")
        yield Served(address, opened.experiment_id, runs, place / "browser")
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                assert answer.status == 200
                return
        except (URLError, ConnectionError):
            time.sleep(0.5)
    pytest.fail("MLflow's server did not start within five minutes")


def test_the_list_shows_results_and_what_each_run_changes(served: Served) -> None:
    words = ("no-reverse", "accuracy/heldout_sft", "38.75", "36.5", "crab.changes", "sft.aux_weight=0.0")
    text = served.read(board.page(served.experiment_id), *words, "Constraint back-translation")
    assert [word for word in words if word not in text] == [], text
    assert "Constraint back-translation" in text, "the description"
    assert "Error loading shared view" not in text


def test_a_run_tells_its_story(served: Served) -> None:
    words = (
        "What does the reverse task add?",
        "Changed: sft.aux_weight = 0.0 , not 0.25",
        "heldout: sft 38.8 [34.0, 43.5] (n = 400)",
        "dvc exp apply no-reverse",
        "accuracy/heldout_sft",
        "36.5",
    )
    text = served.read(f"#/experiments/{served.experiment_id}/runs/{served.runs['no-reverse']}", *words)
    assert [word for word in words if word not in text] == [], text


def test_the_note_holds_a_figure_that_the_server_serves(served: Served) -> None:
    page = f"{served.address}/#/experiments/{served.experiment_id}/runs/{served.runs['default']}"
    source = f"get-artifact?path={note.SHOWN}&amp;run_uuid={served.runs['default']}"
    for attempt in range(1, 5):
        dom = browser.open_page(page, served.profile, milliseconds=10_000 * attempt).stdout
        if source in dom:
            break
    assert source in dom
    with urllib.request.urlopen(f"{served.address}/{source.replace('&amp;', '&')}") as answer:
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.read().decode() == ROW.files[note.SHOWN]


def test_comparing_begins_with_what_differs_and_the_headline(served: Served) -> None:
    ids = quote(json.dumps([served.runs["default"], served.runs["no-reverse"]]))
    words = ("Comparing 2 Runs", "no-reverse", "sft.aux_weight", "accuracy/heldout_sft", "38.75", "36.5")
    experiments = quote(json.dumps([served.experiment_id]))
    text = served.read(f"#/compare-runs?runs={ids}&experiments={experiments}", *words)
    assert [word for word in words if word not in text] == [], text
    chosen = text[text.index("Visualizations") : text.index("Run details")]
    assert "sft.aux_weight" in chosen
    assert "accuracy/heldout_sft" in chosen, "the metric that is drawn first"
    assert "seed/kept" not in chosen
