"""Starting from a checkpoint that exists: looked at before anything is loaded, and trained on, or passed on as it is.

Only files are read here, no model: a folder's shape, its tokenizer and the headers of its weights tell whether it can
work, hours before anything would load it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from crab.config.model import ModelConfig, WeightsConfig
from crab.config.sft import SftConfig
from crab.core import io, paths
from crab.core.errors import DataError, Problem
from crab.data import digest

BASE: Final = Path("models/base")
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLES: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_SHAPE: Final = {
    "hidden_size": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "num_kv_heads": "num_key_value_heads",
    "intermediate_size": "intermediate_size",
}
"""Key of `model.base` -> key of config.json."""
_EMBEDDINGS: Final = "model.embed_tokens.weight"


def policy(config: SftConfig) -> Path:
    """The folder with the model that SFT trains."""
    return BASE if config.start is None else paths.from_main_checkout(config.start)


def require(config: SftConfig, model: ModelConfig) -> Path:
    """The folder with the model that SFT trains, once it is clear that it can be used and is the recorded one.

    Raises:
        DataError: With everything that is wrong with the folder.
    """
    if config.start is None:
        return BASE
    if found := [*problems(config, model)]:
        raise DataError(found)
    if (content := digest.digest(config.start, paths.main_checkout())) != config.start_digest:
        said = f"content has changed since params.yaml was composed (digest {content}, recorded {config.start_digest})"
        raise DataError(Problem("sft.start", said, "use `dvc exp run`, or run `python -m crab compose` first"))
    return policy(config)


def origin(config: SftConfig) -> dict[str, str]:
    """For `results/sft.json`: which content training started from, where that is not models/base."""
    return {} if config.start is None else {"start": config.start_digest}


def problems(config: SftConfig, model: ModelConfig) -> Iterator[Problem]:
    """Everything that is wrong with the checkpoint that `sft.start` names; nothing where it names none."""
    if config.start is None:
        return
    folder = policy(config)
    where = f"sft.start {config.start}"
    if not folder.is_dir():
        yield Problem(where, f"no such folder ({folder})", "relative paths start at the main checkout")
        return
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            yield Problem(where, "holds adapters without their model", "merge them (peft's merge_and_unload)")
        else:
            yield Problem(where, "holds no config.json", "name the folder of a model")
        return
    for found, fix in _faults(folder, model):
        yield Problem(where, found, fix)


def pass_on(config: SftConfig, output: Path) -> dict[str, float]:
    """Make the checkpoint the result of the stage, untrained: `sft.epochs` is 0.

    Tokenizer, chat template and the tokens that end a turn are written as after training, weights are copied; other
    files of the folder are left behind.

    Raises:
        DataError: The chat template ends a turn with ordinary text.
        CrabError: There is no chat template.
    """
    from crab.training import loading
    from crab.training.tokenise import stop_token

    folder = policy(config)
    tokenizer = loading.load_tokenizer(folder)
    temporary = output.with_name(f".{output.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for name in ("config.json", INDEX, *sorted(file.name for file in folder.glob("*.safetensors"))):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, temporary / name)
    tokenizer.save_pretrained(temporary)
    known = folder / "generation_config.json"
    generation = _object(known) if known.is_file() else {}
    ends = sorted({tokenizer.eos_token_id, stop_token(tokenizer)})
    generation |= {"eos_token_id": ends[0] if len(ends) == 1 else ends, "pad_token_id": tokenizer.pad_token_id}
    io.write_json(temporary / known.name, generation)
    shutil.rmtree(output, ignore_errors=True)
    temporary.rename(output)
    return {"steps": 0, "forward_rows": 0, "reverse_rows": 0}


def _faults(folder: Path, model: ModelConfig) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to do, file by file."""
    try:
        config = _object(folder / "config.json")
        yield from _shape_faults(config, model.base)
        yield from _weight_faults(folder, config)
        yield from _tokenizer_faults(folder, config)
    except DataError as error:
        yield from ((problem.found, problem.fix) for problem in error.problems)


def _shape_faults(config: Mapping[str, Any], shape: WeightsConfig) -> Iterator[tuple[str, str]]:
    another = "choose the model option that it was made from (model=...)"
    if config.get("model_type") != shape.architecture:
        yield f"is a {config.get('model_type')!r} model; model.base.architecture is {shape.architecture!r}", another
        return
    for ours, theirs in _SHAPE.items():
        if config.get(theirs) != getattr(shape, ours):
            yield f"{theirs} is {config.get(theirs)}; model.base.{ours} is {getattr(shape, ours)}", another
    if (positions := config.get("max_position_embeddings") or 0) < shape.max_positions:
        yield f"holds {positions} positions; model.base.max_positions is {shape.max_positions}", another


def _weight_faults(folder: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    from safetensors import SafetensorError, safe_open

    files = [folder / WEIGHTS]
    if (folder / INDEX).is_file():
        listed = _object(folder / INDEX).get("weight_map")
        names = sorted({str(name) for name in listed.values()}) if isinstance(listed, dict) else []
        files = [folder / Path(name).name for name in names]
    if missing := [file.name for file in files if not file.is_file()] or ([] if files else [WEIGHTS]):
        pickles = sorted({file.name for pattern in _PICKLES for file in folder.glob(pattern)})
        if pickles:
            found = f"its weights are pickles ({', '.join(pickles[:3])}), which can run code when they are read"
            yield found, "save it again as safetensors (save_pretrained does)"
        else:
            yield f"{', '.join(missing)} is missing", "copy the whole folder"
        return
    shapes: dict[str, list[int]] = {}
    for file in files:
        try:
            with safe_open(file, framework="np") as tensors:  # reads the header, and whether the file is whole
                if _EMBEDDINGS in tensors.keys():  # noqa: SIM118 (it is no mapping)
                    shapes[file.name] = tensors.get_slice(_EMBEDDINGS).get_shape()
        except (SafetensorError, OSError) as error:
            yield f"{file.name} is no whole safetensors file: {error}", "copy it again"
    expected = [config.get("vocab_size"), config.get("hidden_size")]
    for shape in shapes.values():
        if shape != expected:
            yield f"token embeddings have the shape {shape}, config.json says {expected}", "config and weights differ"


def _tokenizer_faults(folder: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    file = folder / "tokenizer.json"
    if not file.is_file():
        yield "holds no tokenizer.json", "save its tokenizer there (tokenizer.save_pretrained)"
        return
    tokenizer = _object(file)
    vocabulary = tokenizer.get("model", {}).get("vocab", {})
    numbers = [*vocabulary.values()] if isinstance(vocabulary, dict) else [len(vocabulary) - 1]
    numbers += [token["id"] for token in tokenizer.get("added_tokens", [])]
    if max(numbers, default=0) >= config.get("vocab_size", 0):
        found = f"its tokenizer numbers tokens up to {max(numbers)}, the model knows {config.get('vocab_size')}"
        yield found, "tokenizer and weights are of different models"
    settings = folder / "tokenizer_config.json"
    own = _object(settings).get("chat_template") if settings.is_file() else None
    if not (folder / "chat_template.jinja").is_file() and not own:
        yield "brings no chat template", "put the one that it was trained with there, as chat_template.jinja"


def _object(file: Path) -> dict[str, Any]:
    """A file's JSON object.

    Raises:
        DataError: It is none.
    """
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(Problem(str(file), f"{file.name} cannot be read: {error}", "copy it again")) from None
    if not isinstance(found, dict):
        raise DataError(Problem(str(file), f"{file.name} holds no JSON object", "copy it again"))
    return found
