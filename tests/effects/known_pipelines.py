"""Pipelines whose answers are known, and how small ones are trained."""

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Model, chain

from spacy_causal.effects.emptying import emptied
from spacy_causal.effects.sites import find_sites

NAMES = {"Anna": "PER", "Bert": "PER", "Cleo": "PER", "Oslo": "LOC", "Rome": "LOC"}
CUES = {"Mrs": "PER", "Mr": "PER", "in": "LOC", "near": "LOC"}
TEXTS = [
    "Mrs Anna sang in Oslo .",
    "We saw Mr Bert near Rome today",
    "Nobody came .",
    "Mrs Cleo",
    "It rained in Rome and in Oslo",
]


def gold(vocab, text, types=NAMES):
    doc = Doc(vocab, words=text.split())
    spans = [Span(doc, t.i, t.i + 1, types[t.text]) for t in doc if t.text in types]
    doc.set_ents(spans, default="outside")
    return doc


@Language.component("names_by_rule")
def names_by_rule(doc):
    """A function of words that declares nothing."""
    doc.set_ents(
        [Span(doc, t.i, t.i + 1, NAMES[t.text]) for t in doc if t.text in NAMES]
    )
    return doc


@Language.component("cues_by_rule", assigns=["doc.ents"])
def cues_by_rule(doc):
    cued = [t for t in doc if t.i and doc[t.i - 1].text in CUES]
    doc.set_ents([Span(doc, t.i, t.i + 1, CUES[doc[t.i - 1].text]) for t in cued])
    return doc


def lookup_embedding(types):
    """One column a type: 1 at its words."""

    def forward(model, docs, is_train):
        columns = sorted(set(types.values()))
        rows = [
            np.array([[types.get(t.text) == c for c in columns] for t in doc], "f")
            for doc in docs
        ]
        return [r.reshape(-1, len(columns)) for r in rows], lambda dY: docs

    return Model("lookup", forward)


def shift(by):
    """Each token gets the vector of the one before it by that much."""

    def forward(model, rows, is_train):
        moved = [np.roll(r, by, axis=0) for r in rows]
        for r in moved:
            r[:by] = 0
        return moved, lambda dY: dY

    return Model("shift", forward)


@Language.factory("lookup_ner", assigns=["doc.ents"])
class LookupNer:
    """Entities where a vector of a tok2vec made by hand says so."""

    def __init__(self, nlp, name, what: str = "names"):
        types = NAMES if what == "names" else CUES
        self.columns = sorted(set(types.values()))
        embed, encode = lookup_embedding(types), shift(0 if what == "names" else 1)
        self.model = chain(embed, encode)
        self.model.set_ref("embed", embed)

    def __call__(self, doc):
        (rows,) = self.model.predict([doc])
        at = [(i, int(row.argmax())) for i, row in enumerate(rows) if row.any()]
        doc.set_ents([Span(doc, i, i + 1, self.columns[c]) for i, c in at])
        return doc


HASHED = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "width": 16,
    "depth": 1,
    "embed_size": 200,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
    "pretrained_vectors": None,
}


def bare(nlp, doc):
    return Doc(nlp.vocab, words=[token.text for token in doc])


def train(nlp, docs, steps=25):
    spacy.util.fix_random_seed(0)
    optimizer = nlp.initialize(lambda: [Example(bare(nlp, d), d) for d in docs])
    optimizer.learn_rate = 0.02
    for _ in range(steps):
        nlp.update([Example(bare(nlp, d), d) for d in docs], sgd=optimizer)
    return nlp


def entities_read(nlp, docs):
    return [[(e.label_, e.start, e.end) for e in doc.ents] for doc in nlp.pipe(docs)]


def fresh(nlp, golds):
    return [bare(nlp, doc) for doc in golds]


def everything(golds):
    return [np.ones(len(doc), dtype=bool) for doc in golds]


def vectors(nlp, docs, masks):
    """What the embedding layer gives out within the block."""
    (layer,) = find_sites(nlp).layers
    with emptied(nlp, docs, masks) as given:
        return layer.predict(given.docs)
