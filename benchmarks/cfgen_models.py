"""The taggers of CFGen's protocol: a linear head on an encoder, and its training."""

from typing import Any

import spacy
from cfgen_data import Corpus
from encoders import CNN, LISTENER, minilm
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam, Optimizer, warmup_linear

from spacy_causal.experiments.training import fresh_example

BILSTM: dict[str, Any] = {
    "@architectures": "spacy.Tok2Vec.v2",
    "embed": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 64,
        "attrs": ["ORTH"],
        "rows": [4000],
        "include_static_vectors": False,
    },
    "encode": {
        "@architectures": "spacy.TorchBiLSTMEncoder.v1",
        "width": 64,
        "depth": 1,
        "dropout": 0.0,
    },
}
SCRATCH = {"bilstm": BILSTM, "cnn": CNN}
# The paper gives neither passes, batch nor rates.
TRAINING: dict[str, dict[str, Any]] = {
    "scratch": {
        "epochs": 12,
        "batch": 32,
        "learn_rate": 0.004,
        "dropout": 0.3,
        "every": 50,
        "patience": 100,
        "limit": 400,
    },
    "pretrained": {
        "epochs": 10,
        "batch": 16,
        "learn_rate": 2e-4,
        "dropout": 0.1,
        "every": 50,
        "patience": 150,
        "limit": 300,
    },
}


def settings_of(encoder: str) -> dict[str, Any]:
    """How taggers with this encoder are trained."""
    return TRAINING["scratch" if encoder in SCRATCH else "pretrained"]


def initialised(
    encoder: str, corpus: Corpus, docs: list[Doc], seed: int
) -> tuple[spacy.Language, Optimizer]:
    """A pipeline with its first weights, and its optimizer. The weights depend on the
    seed and the corpus's labels, not on the arm.

    encoder (str): "bilstm", "cnn", "minilm", or a transformer's name or path.
    """
    nlp = spacy.blank(corpus.lang, vocab=corpus.vocab)
    settings = settings_of(encoder)
    if encoder in SCRATCH:
        tok2vec, learn_rate = SCRATCH[encoder], settings["learn_rate"]
    else:
        nlp.add_pipe("transformer", config={"model": transformer(encoder)})
        limit = settings["limit"]
        # The same rate at the same step in every arm, whatever it is trained on.
        learn_rate = warmup_linear(
            settings["learn_rate"], limit // 10, limit * 11 // 10
        )
        tok2vec = LISTENER
    linear = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": tok2vec}
    ner = nlp.add_pipe("causal_ner", config={"scheme": "bio", "model": linear})
    for label in corpus.labels:
        ner.add_label(label)
    fix_random_seed(seed)
    nlp.initialize(lambda: examples_of(docs))
    fix_random_seed(seed)
    return nlp, Adam(learn_rate, L2=0.01, grad_clip=1.0)


def transformer(encoder: str) -> dict[str, Any]:
    """The block of a transformer; "minilm" is the one that benchmarks bring along."""
    return minilm() if encoder == "minilm" else minilm() | {"name": encoder}


def examples_of(docs: list[Doc]) -> list[Example]:
    """Annotated Docs beside bare ones with their tokens."""
    return [fresh_example(doc) for doc in docs]
