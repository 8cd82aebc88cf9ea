"""Texts with names, and a discriminator of which it is known what it finds."""

import spacy
from spacy.tokens import Doc, DocBin, Span

NAMES = {
    "Ada": "PER",
    "Bo Li": "PER",
    "Cy": "PER",
    "Oslo": "LOC",
    "Rome": "LOC",
    "U.K.": "LOC",
    "Acme": "ORG",
}
TEXTS = [
    "We met Ada in Oslo",
    "Bo Li left Rome.",
    "Cy, of the U.K., spoke",
    "Acme hired Ada",
    "Nobody came",
]


def doc_of(nlp, text):
    doc = nlp.make_doc(text)
    spans = []
    for name, label in NAMES.items():
        at = text.find(name)
        span = doc.char_span(at, at + len(name), label) if at >= 0 else None
        spans += [span] if span else []
    doc.set_ents(spans, default="outside")
    return doc


def docs_of(nlp):
    return [doc_of(nlp, text) for text in TEXTS]


def write_corpus(path, docs):
    DocBin(store_user_data=True, docs=docs).to_disk(path)
    return path


def content(examples):
    """What lists of examples are, to be compared."""
    return [
        (e.reference.to_bytes(), [t.text for t in e.predicted])
        for found in examples
        for e in found
    ]


def knowing(patterns):
    """A pipeline that finds exactly these names: {name: type}."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": x, "pattern": name} for name, x in patterns.items()])
    return nlp


def missing(doc, start, end):
    """The same Doc with missing labels at some tokens."""
    spans = [Span(doc, e.start, e.end, e.label_) for e in doc.ents]
    copy = Doc(
        doc.vocab, words=[t.text for t in doc], spaces=[t.whitespace_ for t in doc]
    )
    kept = [Span(copy, s.start, s.end, s.label_) for s in spans]
    copy.set_ents(kept, missing=[copy[start:end]], default="outside")
    return copy
