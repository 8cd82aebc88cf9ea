"""The corpora of CITISL's protocol, with the vectors of a frozen encoder."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import spacy
from corpora import find_corpus, read_corpus
from encoders import LISTENER
from features import add_features
from spacy.attrs import ORTH
from spacy.tokens import Doc
from thinc.api import Model

from spacy_causal.experiments.streaming import classes_of

EWT = "ud_english_ewt/en_ewt-ud"
DATA: dict[str, dict[str, Any]] = {
    "conll_pos": {
        "train": "conll2003/eng.train",
        "dev": "conll2003/eng.testa",
        "test": "conll2003/eng.testb",
        "layer": "tag",
        "unseen": 0.26,
    },
    "ewt": {
        "train": f"{EWT}-train.conllu",
        "dev": f"{EWT}-dev.conllu",
        "test": f"{EWT}-test.conllu",
        "layer": "pos",
        "unseen": 0.73,
    },
    # The paper's split, as its authors' archive unpacks; no link to it can be pinned.
    "fewnerd": {
        "train": "fewnerd/train.txt",
        "dev": "fewnerd/dev.txt",
        "test": "fewnerd/test.txt",
        "layer": "ner",
        "unseen": 0.23,
    },
    # No other file carries these 36 types, so dev is a slice of the training file.
    "fewnerd_inter": {
        "train": "fewnerd_inter/test.txt",
        "dev": None,
        "test": "fewnerd_inter/dev.txt",
        "layer": "ner",
        "unseen": 0.23,
    },
    # Not to be had without a licence: for those who have it, CoNLL-2012's files of each
    # part in one, or any CoNLL columns.
    "ontonotes": {
        "train": "ontonotes/train.txt",
        "dev": "ontonotes/dev.txt",
        "test": "ontonotes/test.txt",
        "layer": "ner",
        "unseen": 0.42,
    },
}
VECTORS: dict[bytes, np.ndarray] = {}


@dataclass(frozen=True)
class Corpus:
    """Training and test Docs with what a pipeline for them needs.

    kind (str): The encoder: "frozen", MiniLM's vectors as they are; or "minilm", a
        shared transformer that is trained along.
    """

    layer: str
    labels: list[str]
    train: list[Doc]
    test: list[Doc]
    kind: str = "frozen"

    @property
    def factory(self) -> str:
        """The component that learns."""
        return "causal_ner" if self.layer == "ner" else "causal_tagger"

    @property
    def config(self) -> dict[str, Any]:
        """Its settings beside the model."""
        return {"scheme": "io"} if self.layer == "ner" else {"attribute": self.layer}

    @property
    def encoder(self) -> dict[str, Any]:
        """A `tok2vec` block: the frozen vectors, then maxout units; or a listener."""
        if self.kind == "minilm":
            return LISTENER
        hidden = {"@layers": "Maxout.v1", "nO": 128, "nI": 384, "nP": 2}
        return {
            "@layers": "chain.v1",
            "*": {
                "frozen": {"@architectures": "benchmarks.FrozenVectors.v1"},
                "hidden": {"@layers": "with_array.v1", "layer": hidden},
            },
        }


def load(name: str, split: str, sentences: int, kind: str = "frozen") -> Corpus:
    """Read a corpus; the test part is the one the split names.

    sentences (int): How many to train on; 0 is all.
    """
    entry, vocab = DATA[name], spacy.blank("en").vocab
    training = read(entry["train"], vocab, kind)
    if split == "test":
        test = without_shared(read(entry["test"], vocab, kind), training)
    elif entry["dev"]:
        test = read(entry["dev"], vocab, kind)
    else:
        test, training = training[::10], [d for i, d in enumerate(training) if i % 10]
    training = training[: sentences or None]
    if kind == "frozen":
        standardise(training, test)
    classes = {c for doc in training for c in classes_of(doc, entry["layer"])}
    return Corpus(entry["layer"], sorted(classes - {"", "O"}), training, test, kind)


def read(path: str, vocab: spacy.Vocab, kind: str) -> list[Doc]:
    """A file's annotated Docs, with vectors where the encoder is frozen.

    Raises FileNotFoundError where it is not there.
    """
    place = find_corpus(path, ", as CoNLL columns, CoNLL-2012 or CoNLL-U")
    docs = [doc for doc in read_corpus(place, vocab) if len(doc)]
    return add_features(docs) if kind == "frozen" else docs


def without_shared(test: list[Doc], training: list[Doc]) -> list[Doc]:
    """The test without the sentences that training has too."""
    known = {doc.text for doc in training}
    return [doc for doc in test if doc.text not in known]


def standardise(training: list[Doc], test: list[Doc]) -> None:
    """Put each Doc's vectors, with mean 0 and variance 1 over the training text, where
    the encoder finds them by the Doc's words."""
    sample = np.concatenate([doc.tensor for doc in training[:2000]])
    mean, sd = sample.mean(axis=0), sample.std(axis=0)
    sd[sd < 1e-4] = 1
    for doc in (*training, *test):
        VECTORS[key_of(doc)] = ((doc.tensor - mean) / sd).astype("float16")
        doc.tensor = np.zeros((0,), dtype="float32")


def key_of(doc: Doc) -> bytes:
    """A Doc's words."""
    return doc.to_array(ORTH).tobytes()


@spacy.registry.architectures("benchmarks.FrozenVectors.v1")
def build_frozen_vectors() -> Model:
    """What `standardise` has put by, shape (n, 384) a Doc."""
    return Model("frozen_vectors", forward, dims={"nO": 384})


def forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[list, Any]:
    """Look the Docs up by their words; no gradient goes further."""
    rows = [VECTORS[key_of(doc)].astype("float32") for doc in docs]
    return [model.ops.asarray(each) for each in rows], lambda dY: []
