"""What our scheduling costs above the raw engine: engine, cache and stream against the library's own call.

    python -m benchmarks.engine_overhead transformers
    python -m benchmarks.engine_overhead vllm --model models/sft --requests 500

Both sides get the same prompts, limits, batch size and precision, each in a process of its own that loads and warms up
before it is timed. Rounds alternate, and the best of each side counts: on a shared machine the rest is noise. Where a
CPU computes, its seconds are what is compared: the wall clock there tells of other people's work too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig
from crab.engines import chat
from crab.engines.base import Request, open_engine
from crab.engines.cache import Cached

TARGET = 1.10
ENGINES: dict[str, dict[str, Any]] = {
    "transformers": {"batch_size": 32, "batch_tokens": 1_000_000},
    "vllm": {
        "tensor_parallel_size": 1, "pipeline_parallel_size": 1, "gpu_memory_utilization": 0.9, "cpu_cache_gib": 2,
        "max_model_len": None, "max_num_batched_tokens": 8192, "enforce_eager": True, "quantization": None,
        "adapter": None, "max_lora_rank": 16,
    },
}  # fmt: skip
COMPUTE = ComputeConfig(threads=int(os.environ.get("OMP_NUM_THREADS", "1")), device="auto")


def requests(name: str, count: int, new_tokens: int) -> list[Request]:
    """Prompts of several lengths that no other round has seen."""
    texts = [
        f"Round {name}, number {number}. " + "Write about the harbour. " * (1 + number % 8) for number in range(count)
    ]
    return [Request(str(number), [{"role": "user", "content": text}], new_tokens) for number, text in enumerate(texts)]


def ours(engine: str, model: Path) -> Callable[[list[Request]], int]:
    """Engine, cache and stream, as a stage uses them."""
    config = EngineConfig.model_validate({"name": engine, engine: ENGINES[engine]})
    folder = tempfile.TemporaryDirectory()  # lives as long as the function that holds it
    cached = Cached(open_engine(config, model, COMPUTE), {"model": "benchmark"}, Path(folder.name))

    def run(asked: list[Request]) -> int:
        assert folder
        return sum(response.completion_tokens for response in cached.stream(asked))

    return run


def raw(engine: str, model: Path) -> Callable[[list[Request]], int]:
    """The library's own call over the same batches."""
    return raw_vllm(model) if engine == "vllm" else raw_transformers(model)


def raw_transformers(model: Path) -> Callable[[list[Request]], int]:
    import torch
    from transformers import AutoModelForCausalLM

    from crab.engines.transformers import EXACT_BELOW

    torch.set_num_threads(COMPUTE.threads)
    tokenizer = chat.load_tokenizer(model)
    tokenizer.padding_side = "left"
    network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    if torch.cuda.is_available():
        network = AutoModelForCausalLM.from_pretrained(model, dtype="auto").to("cuda")
    elif network.num_parameters() <= EXACT_BELOW:
        network = network.to(torch.float64)

    def run(asked: list[Request]) -> int:
        made = 0
        size = ENGINES["transformers"]["batch_size"]
        ordered = sorted(asked, key=lambda request: len(request.messages[0]["content"]))
        for start in range(0, len(ordered), size):
            batch = ordered[start : start + size]
            prompts = [
                tokenizer.apply_chat_template(r.messages, add_generation_prompt=True, tokenize=False) for r in batch
            ]
            inputs = tokenizer(prompts, add_special_tokens=False, padding=True, return_tensors="pt").to(network.device)
            with torch.inference_mode():
                output = network.generate(**inputs, max_new_tokens=batch[0].max_new_tokens, do_sample=False)
            new = output[:, inputs["input_ids"].shape[1] :]
            tokenizer.batch_decode(new, skip_special_tokens=True)
            ends = (new == tokenizer.eos_token_id).long()
            made += int((ends.cumsum(1) - ends == 0).sum())  # up to the end of text, and it
        return made

    return run


def raw_vllm(model: Path) -> Callable[[list[Request]], int]:
    os.environ |= {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_CPU_KVCACHE_SPACE": "2", "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1",
    }  # fmt: skip
    import torch
    import vllm

    torch.set_num_threads(COMPUTE.threads)
    dtype = "auto" if torch.cuda.is_available() else "float32"
    llm = vllm.LLM(str(model), dtype=dtype, seed=0, max_num_batched_tokens=8192, enforce_eager=True)

    def run(asked: list[Request]) -> int:
        limits = vllm.SamplingParams(temperature=0, max_tokens=asked[0].max_new_tokens)
        outputs = llm.chat([request.messages for request in asked], limits, use_tqdm=False)
        return sum(len(output.outputs[0].token_ids) for output in outputs)

    return run


def side(which: str, engine: str, model: Path, count: int, new_tokens: int, rounds: int) -> None:
    """Load, warm up, then time one round for each line that comes in."""
    run = (ours if which == "ours" else raw)(engine, model)
    run(requests("warm-up", 8, 8))
    print("READY", flush=True)
    for number in range(rounds):
        sys.stdin.readline()
        asked = requests(str(number), count, new_tokens)
        wall, cpu = time.perf_counter(), time.process_time()
        tokens = run(asked)
        taken = {"tokens": tokens, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        print("TIMED" + json.dumps(taken), flush=True)


def compare(arguments: argparse.Namespace, model: Path) -> dict[str, dict[str, float]]:
    """The best round of each side."""
    processes = {}
    for which in ("raw", "ours"):
        command = [sys.executable, "-m", "benchmarks.engine_overhead", arguments.engine, "--side", which]
        for name in ("requests", "new_tokens", "rounds"):
            command += [f"--{name.replace('_', '-')}", str(getattr(arguments, name))]
        processes[which] = subprocess.Popen(
            [*command, "--model", str(model)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        _line(processes[which], "READY")
    timed: dict[str, list[dict[str, float]]] = {"raw": [], "ours": []}
    for _ in range(arguments.rounds):
        for which, process in processes.items():
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
            timed[which].append(json.loads(_line(process, "TIMED")))
    for process in processes.values():
        process.communicate()
    return {which: {name: min(r[name] for r in rounds) for name in rounds[0]} for which, rounds in timed.items()}


def _on_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _line(process: subprocess.Popen[str], mark: str) -> str:
    assert process.stdout
    for line in process.stdout:
        if line.startswith(mark):
            return line.removeprefix(mark)
    raise SystemExit("a side ended before it was done; its message is above")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine", choices=sorted(ENGINES))
    parser.add_argument("--model", type=Path, help="a model folder; without it a random one of 11M parameters")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=("raw", "ours"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        side(
            arguments.side,
            arguments.engine,
            arguments.model,
            arguments.requests,
            arguments.new_tokens,
            arguments.rounds,
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        model = arguments.model
        if model is None:
            from tests.engines.conftest import build_model

            model = build_model(Path(folder), positions=1024, hidden=384, layers=6)
        best = compare(arguments, model)
    for which, numbers in best.items():
        print(f"{which:5} {numbers['tokens']:.0f} tokens in {numbers['wall']:.2f} s, {numbers['cpu']:.2f} s of CPU")
    ratios = {name: best["ours"][name] / best["raw"][name] for name in ("wall", "cpu")}
    counted = "wall" if _on_gpu() else "cpu"
    verdict = "under" if ratios[counted] < TARGET else "above"
    print(
        f"{arguments.engine}: wall {ratios['wall']:.3f}, CPU {ratios['cpu']:.3f} of the raw engine; {verdict} {TARGET}"
    )


if __name__ == "__main__":
    main()
