"""Texts that `candidate_scorer` asks about, and what it asked."""

import numpy as np
from spacy.tokens import Doc

CONFOUNDERS = {"@misc": "spacy-causal.frequent_confounders.v1"}
TEXTS = [
    "Anna Smith works for Acme Services in Paris .",
    "",
    "The Paris office of Acme Services closed .",
    " ",
    "Berlin met Brown",
    "\n\n",
    "Mr. Brown met Anna Smith near Berlin .",
]


def asked(doc: Doc) -> list[tuple]:
    return [(c.start, c.end, c.labels) for c in doc._.candidates]


def assert_the_same(docs, others) -> None:
    docs, others = list(docs), list(others)
    assert [asked(d) for d in docs] == [asked(d) for d in others]
    for doc, other in zip(docs, others, strict=True):
        for one, two in zip(doc._.candidates, other._.candidates, strict=True):
            for name in ("scores", "display"):
                got, expected = getattr(one, name), getattr(two, name)
                np.testing.assert_allclose(got, expected, atol=1e-4)
