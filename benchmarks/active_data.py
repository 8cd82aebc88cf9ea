"""The corpora of the active learning protocols, and the models that are trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import spacy
from citisl_data import standardise
from corpora import find_corpus, read_corpus
from features import add_features
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.active import Key
from spacy_causal.experiments.fitting import fit, usual_steps
from spacy_causal.scorers.layers import f1_of

COMPONENT = "causal_ner"
# initial: the paper's share of the words; batch, epochs: the paper's, of its LSTMs.
DATA: dict[str, dict[str, Any]] = {
    "conll2003": {
        "train": "conll2003/eng.train",
        "dev": "conll2003/eng.testa",
        "test": "conll2003/eng.testb",
        "initial": 0.02,
        "batch": 16,
        "epochs": 25,
        "width": 200,
    },
    "atis": {
        "train": "atis/train",
        "dev": "atis/dev",
        "test": "atis/test",
        "initial": 0.02,
        "batch": 20,
        "epochs": 50,
        "width": 200,
    },
    "fmtod": {
        "train": "fmtod/train-en.tsv",
        "dev": "fmtod/eval-en.tsv",
        "test": "fmtod/test-en.tsv",
        "initial": 0.01,
        "batch": 32,
        "epochs": 50,
        "width": 256,
    },
    # The labels of its training file are noisy.
    "webpage": {
        "train": "webpage/train.json",
        "dev": "webpage/dev.json",
        "test": "webpage/test.json",
        "initial": 0.2,
        "batch": 32,
        "epochs": 10,
        "width": 200,
    },
}
HASHED: dict[str, Any] = {
    "@architectures": "spacy.MultiHashEmbed.v2",
    "width": 128,
    "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
    "rows": [5000, 1000, 2500, 2500],
    "include_static_vectors": False,
}
FROZEN: dict[str, Any] = {"@architectures": "benchmarks.FrozenVectors.v1"}
LSTMS = {"bilstm": "BiLSTMTagger", "seq2seq": "BiLSTMEncoderDecoder"}
PRETRAINED = "-pretrained"
MODELS = ("frozen", *LSTMS, *(f"{name}{PRETRAINED}" for name in LSTMS))


@dataclass(frozen=True)
class ActiveCorpus:
    """A pool, texts to score on, and how a model for them is trained.

    model (str): "frozen" (MiniLM's vectors, standardised, with a trained layer of 128
        maxout units), "bilstm" or "seq2seq" (the W-BADGE paper's, on hashed words),
        "bilstm-pretrained" or "seq2seq-pretrained" (with MiniLM's vectors beside them,
        where the paper has pretrained word vectors).
    """

    name: str
    model: str
    pool: dict[str, Doc]
    test: list[Doc]

    @property
    def labels(self) -> list[str]:
        """The types of the pool."""
        return sorted({ent.label_ for doc in self.pool.values() for ent in doc.ents})

    def pipeline(self) -> Language:
        """Untrained, with all labels of the pool."""
        vocab = next(iter(self.pool.values())).vocab
        nlp = spacy.blank("en", vocab=vocab)
        nlp.config["training"]["dropout"] = 0.1 if self.model == "frozen" else 0.5
        nlp.add_pipe(COMPONENT, config={"scheme": "bio", "model": self._model()})
        pipe: Any = nlp.get_pipe(COMPONENT)
        for label in self.labels:
            pipe.add_label(label)
        return nlp

    def fit(
        self, docs: Sequence[Doc], key: Key, before: Language | None = None
    ) -> Language:
        """Train from scratch, or go on."""
        nlp, entry = before or self.pipeline(), DATA[self.name]
        steps, batch_size = usual_steps(len(docs)), 32
        if self.model != "frozen":
            batch_size = entry["batch"]
            steps = entry["epochs"] * -(-len(docs) // batch_size)
        fit(
            nlp,
            COMPONENT,
            docs,
            key=key,
            steps=steps,
            batch_size=batch_size,
            initialize=before is None,
        )
        return nlp

    def score(self, nlp: Language) -> float:
        """Strict entity F1."""
        said = list(nlp.pipe([bare_copy(doc) for doc in self.test]))
        return f1_of(said, self.test, "ner")

    def _model(self) -> dict[str, Any]:
        if self.model == "frozen":
            hidden = {"@layers": "Maxout.v1", "nO": 128, "nI": 384, "nP": 2}
            encoder = {
                "@layers": "chain.v1",
                "*": {
                    "frozen": FROZEN,
                    "hidden": {"@layers": "with_array.v1", "layer": hidden},
                },
            }
            name = "spacy-causal.LinearTagger.v1"
            return {"@architectures": name, "tok2vec": encoder}
        words = HASHED
        if self.model.endswith(PRETRAINED):
            both = {"hashed": HASHED, "frozen": FROZEN}
            words = {"@layers": "concatenate.v1", "*": both}
        name = LSTMS[self.model.removesuffix(PRETRAINED)]
        return {
            "@architectures": f"spacy-causal.{name}.v1",
            "hidden_width": DATA[self.name]["width"],
            "tok2vec": words,
        }


def load_active(name: str, model: str, split: str) -> ActiveCorpus:
    """Read a corpus; what is scored on is the part that the split names."""
    entry, vocab = DATA[name], spacy.blank("en").vocab
    parts = [entry["train"], entry[split]]
    train, test = (read_annotated(path, vocab) for path in parts)
    if model not in LSTMS:
        standardise(add_features(train), add_features(test))
    pool = {str(i): doc for i, doc in enumerate(train)}
    return ActiveCorpus(name, model, pool, test)


def read_annotated(path: str, vocab: spacy.Vocab) -> list[Doc]:
    """A file's annotated Docs, without the empty ones.

    Raises FileNotFoundError where it is not there.
    """
    return [doc for doc in read_corpus(find_corpus(path), vocab) if len(doc)]
