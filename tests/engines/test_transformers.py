"""Real generation with a tiny random model: what a response may depend on, and how it ends."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, TransformersConfig
from crab.core.errors import DataError, ResourceError
from crab.engines import chat
from crab.engines.base import Request, Response, open_engine

COMPUTE = ComputeConfig(threads=1, device="cpu")
TOPICS = ["harbour", "garden", "bread", "hills", "coat", "a lamp", "the boats at night", "two sentences about gas"]


def engine(model: Path, batch_size: int = 8, batch_tokens: int = 100_000, compute: ComputeConfig = COMPUTE) -> Any:
    values = TransformersConfig(batch_size=batch_size, batch_tokens=batch_tokens)
    return open_engine(EngineConfig(name="transformers", transformers=values), model, compute)


def requests(count: int, **changes: Any) -> list[Request]:
    made = []
    for number in range(count):
        text = f"Write about {TOPICS[number % len(TOPICS)]}, please. " * (1 + number % 3)
        made.append(Request(str(number), [{"role": "user", "content": text}], 24, seed=number, **changes))
    return made


@pytest.mark.parametrize("drawn", [{}, {"temperature": 1.0}, {"temperature": 0.7, "top_p": 0.8}])
def test_a_response_depends_on_its_own_request_only(model: Path, drawn: dict[str, float]) -> None:
    asked = requests(16, **drawn)
    with engine(model, batch_size=16) as together:
        expected = {response.id: response for response in together.generate(asked)}
    assert len({response.text for response in expected.values()}) > 8  # a constant would pass everything below
    shuffled = random.Random(1).sample(asked, len(asked))
    two_threads = ComputeConfig(threads=2, device="cpu")
    for changed in (engine(model, 1), engine(model, 5), engine(model, 16, 200), engine(model, compute=two_threads)):
        with changed:
            answers = changed.generate(shuffled)
        assert [answer.id for answer in answers] == [request.id for request in shuffled]
        assert all(answer == expected[answer.id] for answer in answers)


def test_greedy_and_sampled_requests_share_a_batch(model: Path) -> None:
    asked = requests(6)
    mixed = [dataclasses.replace(r, temperature=float(number % 2)) for number, r in enumerate(asked)]
    with engine(model) as one:
        greedy = one.generate(asked)
        both = one.generate(mixed)
    assert both[::2] == greedy[::2]
    assert all(a.text != b.text for a, b in zip(both[1::2], greedy[1::2], strict=True))


def test_seeds_make_the_samples(model: Path) -> None:
    messages = requests(1)[0].messages
    seeds = enumerate((*range(8), 3))
    asked = [Request(f"{number}", messages, 16, temperature=1.0, seed=seed) for number, seed in seeds]
    with engine(model) as one:
        texts = [response.text for response in one.generate(asked)]
    assert texts[3] == texts[8]
    assert len(set(texts[:8])) > 5


def test_samples_follow_the_models_probabilities(model: Path) -> None:
    """First tokens of many samples against the softmax itself (chi-square over the likely tokens)."""
    import torch
    from scipy.stats import chisquare
    from transformers import AutoModelForCausalLM, AutoTokenizer

    messages = requests(1)[0].messages
    tokenizer = AutoTokenizer.from_pretrained(model)
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        logits = AutoModelForCausalLM.from_pretrained(model)(ids).logits[0, -1].double()
    for temperature, top_p in ((1.0, 1.0), (1.5, 0.7)):
        weights = torch.softmax(logits / temperature, -1)
        ordered, order = weights.sort(descending=True)
        weights[order[ordered.cumsum(-1) - ordered >= top_p]] = 0
        weights /= weights.sum()
        size = 3000
        asked = [Request(str(seed), messages, 1, temperature, top_p, seed) for seed in range(size)]
        with engine(model, 500) as one:
            made = [response.text for response in one.generate(asked)]
        by_text: dict[str, float] = {}
        for token, weight in enumerate(weights.tolist()):
            key = tokenizer.decode([token], skip_special_tokens=True)
            by_text[key] = by_text.get(key, 0.0) + weight
        assert {made_text for made_text in made if by_text[made_text] == 0} == set()
        likely = [key for key, weight in by_text.items() if weight * size > 10]
        seen = [made.count(key) for key in likely]
        expected = [by_text[key] * size for key in likely]
        seen.append(size - sum(seen))
        expected.append(size - sum(expected))
        assert chisquare(seen, expected).pvalue > 0.001


def test_the_global_generator_has_no_part(model: Path) -> None:
    import torch

    asked = requests(4, temperature=1.0)
    with engine(model) as one:
        torch.manual_seed(1)
        before = torch.get_rng_state()
        first = one.generate(asked)
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(2)
        assert one.generate(asked) == first


def test_finished_means_ended_by_itself(model: Path) -> None:
    asked = requests(24, temperature=1.0)
    with engine(model) as one:
        long = one.generate([dataclasses.replace(request, max_new_tokens=120) for request in asked])
        ended = [response for response in long if response.finished]
        assert len(ended) > 3
        assert all(response.completion_tokens == 120 for response in long if not response.finished)
        assert all("<|" not in response.text for response in ended)
        # Cut just before its last token, a finished response is not finished, and its text is a beginning of it.
        for request, response in zip(asked, long, strict=True):
            if response.finished and response.completion_tokens > 1:
                [cut] = one.generate([dataclasses.replace(request, max_new_tokens=response.completion_tokens - 1)])
                assert not cut.finished
                assert cut.text == response.text
                [same] = one.generate([dataclasses.replace(request, max_new_tokens=response.completion_tokens)])
                assert same == response


def test_stop_texts_end_a_response(model: Path) -> None:
    [whole] = (one := engine(model)).generate(requests(1))
    stop = whole.text[6:9]
    asked = [dataclasses.replace(requests(1)[0], id="stopped", stop=(stop, "never said")), *requests(3)]
    stopped, *others = one.generate(asked)
    assert stopped.text == whole.text[: whole.text.index(stop)]
    assert stopped.finished
    assert stopped.completion_tokens < whole.completion_tokens
    assert others == one.generate(requests(3))


def test_a_prompt_that_does_not_fit_costs_nobody_else(model: Path) -> None:
    too_long = Request("long", [{"role": "user", "content": "lamp " * 400}], 8)
    short = requests(4)
    asked = [*short[:2], too_long, *short[2:]]
    with engine(model) as one:
        answers = one.generate(asked)
        assert [answer.error is None for answer in answers] == [True, True, False, True, True]
        assert answers[2].error == "too long"
        assert "256 positions" in answers[2].detail
        assert (answers[2].text, answers[2].finished, answers[2].completion_tokens) == ("", False, 0)
        assert answers[:2] == one.generate(requests(2))


def test_new_tokens_end_where_the_positions_do(model: Path) -> None:
    with engine(model) as one:
        [answer] = one.generate([dataclasses.replace(requests(3)[2], max_new_tokens=1000, temperature=1e-3)])
    assert answer.finished or answer.prompt_tokens + answer.completion_tokens == 256


def test_a_stream_gives_each_batch_when_it_is_made(model: Path) -> None:
    asked = requests(9)
    heard: list[Response] = []
    with engine(model, batch_size=3) as one:
        stream = one.stream(asked, heard.append)
        read = [next(stream) for _ in range(3)]
        assert heard == read  # six are not made yet
        stream.close()
        assert len(heard) == 3
        read += one.stream([request for request in asked if request.id not in {response.id for response in read}])
        assert sorted(read, key=lambda response: response.id) == one.generate(asked)


def test_two_requests_of_one_id_are_a_mistake_of_the_caller(model: Path) -> None:
    with engine(model) as one, pytest.raises(ValueError, match="share an id"):
        one.generate([*requests(2), requests(1)[0]])


def test_nothing_asked_loads_nothing(model: Path) -> None:
    one = engine(model)
    assert one.generate([]) == []
    assert one._loaded is None


def test_an_empty_message_is_a_prompt(model: Path) -> None:
    with engine(model) as one:
        [answer] = one.generate([Request("empty", [{"role": "user", "content": ""}], 4)])
    assert isinstance(answer, Response)
    assert answer.error is None


def test_a_closed_engine_loads_again(model: Path) -> None:
    one = engine(model)
    first = one.generate(requests(2))
    one.close()
    assert one.generate(requests(2)) == first


def test_a_missing_model_is_an_error_with_a_fix(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        engine(tmp_path / "nothing")


def test_a_hub_that_cannot_be_reached_is_an_error_with_a_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    (tmp_path / "base.json").write_text(json.dumps({"hub_id": "crab-tests/no-such-model", "revision": "main"}))
    with pytest.raises(ResourceError, match=r"no-such-model \(main\): .* or choose model=tiny") as error:
        engine(tmp_path).generate(requests(1))
    assert "\n" not in str(error.value)
    assert error.value.__suppress_context__
    assert "Traceback" not in "".join(capfd.readouterr())


def test_weights_missing_from_the_cache_are_an_error_with_a_fix(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache that another machine began: tokenizer and config are there, the weights are not."""
    from huggingface_hub import constants

    cache = tmp_path / "cache" / "models--crab-tests--half"
    shutil.copytree(model, cache / "snapshots" / "0", ignore=shutil.ignore_patterns("*.safetensors"))
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("0")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    (tmp_path / "base.json").write_text(json.dumps({"hub_id": "crab-tests/half", "revision": "main"}))
    with pytest.raises(ResourceError, match=r"half \(main\): ") as error:
        engine(tmp_path).generate(requests(1))
    assert "\n" not in str(error.value)


def test_a_missing_gpu_is_an_error_with_a_fix(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ResourceError, match=r"compute\.device=auto"):
        engine(model, compute=ComputeConfig(threads=1, device="cuda")).generate(requests(1))


@pytest.mark.gpu
def test_a_gpu_answers_like_a_cpu(model: Path) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    asked = requests(16)
    with engine(model, compute=ComputeConfig(threads=1, device="cuda")) as gpu, engine(model) as cpu:
        same = [a.text == b.text for a, b in zip(gpu.generate(asked), cpu.generate(asked), strict=True)]
    assert sum(same) >= 14  # float32 against float64


def test_a_model_without_a_chat_template_needs_one(tmp_path: Path, model: Path) -> None:
    shutil.copytree(model, tmp_path / "bare")
    (tmp_path / "bare" / "chat_template.jinja").unlink()
    with pytest.raises(DataError, match="no chat template"):
        engine(tmp_path / "bare").generate(requests(1))


def test_a_chat_template_beside_a_named_model_wins(tmp_path: Path, model: Path) -> None:
    (tmp_path / "base.json").write_text(json.dumps({"hub_id": str(model), "revision": None}))
    assert engine(tmp_path).generate(requests(2)) == engine(model).generate(requests(2))
    template = (model / "chat_template.jinja").read_text()
    (tmp_path / "chat_template.jinja").write_text("Hello there." + template)
    longer, own = (engine(folder).generate(requests(1))[0].prompt_tokens for folder in (tmp_path, model))
    assert longer > own


def test_sampling_defaults_of_the_model_have_no_part(tmp_path: Path, model: Path) -> None:
    shutil.copytree(model, tmp_path / "opinionated")
    file = tmp_path / "opinionated" / "generation_config.json"
    values = json.loads(file.read_text())
    values |= {"do_sample": True, "temperature": 0.1, "top_k": 2, "repetition_penalty": 3.0, "max_new_tokens": 2}
    file.write_text(json.dumps(values))
    for asked in (requests(3), requests(3, temperature=1.0)):
        assert engine(tmp_path / "opinionated").generate(asked) == engine(model).generate(asked)


def test_a_turn_ends_where_the_template_ends_it(tmp_path: Path, model: Path) -> None:
    """A template may close turns with a token that neither the model nor its tokenizer calls the end."""
    from transformers import AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}\n<|user|>{% endfor %}<|system|>"
    ends = chat.end_tokens(tokenizer, GenerationConfig(eos_token_id=[1, 7]))
    assert ends == sorted({1, 7, tokenizer.convert_tokens_to_ids("<|user|>")})


@pytest.mark.parametrize("values", [{"max_new_tokens": 0}, {"temperature": -1.0}, {"top_p": 0.0}])
def test_a_request_that_makes_no_sense_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="request 7"):
        dataclasses.replace(Request("7", [{"role": "user", "content": "x"}], 8), **values)
