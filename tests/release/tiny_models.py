"""Trained models, as the stages leave them, of a few thousand parameters."""

from __future__ import annotations

from pathlib import Path

from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

TEMPLATE = "{% for message in messages %}<s>{{ message.content }}{% endfor %}"


def make(folder: Path) -> None:
    """Write `sft` and `dpo`, and beside the weights a pickle, which must never be passed on."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["<pad>", "<s>", "<unk>", *"tea is hot and so on .".split()]
    inner = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="<s>", unk_token="<unk>", chat_template=TEMPLATE
    )
    shape = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(words), **shape))
    for name in ("sft", "dpo"):
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
        (folder / name / "training_args.bin").write_bytes(b"a pickle")
