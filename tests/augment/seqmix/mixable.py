"""Labelled texts that can be mixed, and a pipeline with a vector for each word."""

import numpy as np
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.vectors import Vectors

from spacy_causal.augment.seqmix.token_table import TokenTable

TEXTS = [
    ("Ada Berg of Acme left Oslo .", [(0, 2, "PER"), (3, 4, "ORG"), (5, 6, "LOC")]),
    ("Bo Li saw Rome and Acme Ltd .", [(0, 2, "PER"), (3, 4, "LOC"), (5, 7, "ORG")]),
    ("In Paris Cy Dahl met Bo Li .", [(1, 2, "LOC"), (2, 4, "PER"), (5, 7, "PER")]),
    ("The Beta Group hired Ada Berg .", [(1, 3, "ORG"), (4, 6, "PER")]),
    ("Nobody came to the party .", []),
    ("OSLO 3 ROME 1", [(0, 1, "LOC"), (2, 3, "LOC")]),
]
WIDTH = 12


def doc_of(vocab, text, spans):
    words = text.split()
    spaces = [True] * len(words)
    if words[-1] == ".":
        spaces[-2:] = [False, False]
    else:
        spaces[-1] = False
    doc = Doc(vocab, words=words, spaces=spaces)
    doc.set_ents([Span(doc, *span) for span in spans], default="outside")
    for token in doc:
        token.tag_ = "PUNCT" if token.text == "." else token.text[0].upper()
        token.pos_ = "PUNCT" if token.text == "." else "NOUN"
    return doc


def docs_of(vocab):
    return [doc_of(vocab, *text) for text in TEXTS]


def words_of(docs):
    return list(dict.fromkeys(token.text for doc in docs for token in doc))


def table_of(docs, seed=0):
    words = words_of(docs)
    vectors = np.random.default_rng(seed).normal(size=(len(words), WIDTH))
    return TokenTable(tuple(words), vectors.astype("f4"))


def pipeline_with_vectors(docs, more=()):
    """more (Iterable[str]): Further words, with vectors like those of the others."""
    nlp, table = spacy.blank("en"), table_of(docs)
    words, rng = [*table.words, *more], np.random.default_rng(1)
    others = rng.normal(size=(len(words) - len(table.words), WIDTH)).astype("f4") / 2
    nlp.vocab.vectors = Vectors(data=np.vstack([table.vectors, others]), keys=words)
    for word in words:
        nlp.vocab.strings.add(word)
    return nlp


def write_corpus(path, docs):
    DocBin(store_user_data=True, docs=docs).to_disk(path)
    return path
