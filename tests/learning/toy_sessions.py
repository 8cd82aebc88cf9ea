"""Small pipelines, and somebody who answers with the truth."""

import spacy
from spacy.tokens import Doc, Span

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.cold_start import cold_start
from spacy_causal.learning.settings import LearnerSettings

CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 32,
    "depth": 1,
    "embed_size": 200,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}
INTERVENING = {
    "@architectures": "spacy-causal.InterveningEncoder.v1",
    "rate": 0.5,
    "encoder": CNN,
}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}
FREQUENT = {"@misc": "spacy-causal.frequent_confounders.v1"}

FAST = LearnerSettings(updates=2, learn_rate=0.01)
PEOPLE = ["Anna", "Bruno", "Clara", "David", "Emma", "Felix"]
CITIES = ["Paris", "Berlin", "Rome", "Oslo", "Prague", "Madrid"]


def about(nlp, person, city):
    doc = Doc(nlp.vocab, words=[person, "lives", "in", city, "."])
    doc.set_ents([Span(doc, 0, 1, "PER"), Span(doc, 3, 4, "LOC")], default="outside")
    for token, tag in zip(doc, ["N", "V", "P", "N", "."], strict=True):
        token.tag_ = tag
    return doc


def gold_docs(nlp):
    pairs = zip(PEOPLE, CITIES, strict=True)
    return [about(nlp, person, city) for person, city in pairs]


def answers_to(doc, shown=("PER", "LOC")):
    """The truth about every token of a Doc that is annotated with it."""
    types = [token.ent_type_ or "O" for token in doc]
    return [
        Answer(doc.text, i, i + 1, shown, x if x in (*shown, "O") else None)
        for i, x in enumerate(types)
    ]


def untrained(name="causal_ner", labels=("PER", "LOC"), encoder=CNN):
    nlp = spacy.blank("en")
    nlp.add_pipe(name, config={"model": {"tok2vec": encoder}})
    return cold_start(nlp, name, labels)


def weights_of(nlp):
    return {name: pipe.model.to_bytes() for name, pipe in nlp.pipeline}


def session(learner, docs, **kwargs):
    for doc in docs:
        learner.answer(doc, answers_to(doc, **kwargs))
    return learner.update()


def found(nlp, docs):
    read = nlp.pipe([Doc(nlp.vocab, words=[t.text for t in doc]) for doc in docs])
    return [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in read]


def truth(docs):
    return [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in docs]


def shared_pipeline():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": INTERVENING})
    for name in ("causal_ner", "causal_tagger"):
        nlp.add_pipe(name, config={"model": {"tok2vec": LISTENER}})
    gold = gold_docs(nlp)
    examples = [spacy.training.Example(doc.copy(), doc) for doc in gold]
    optimizer = nlp.initialize(lambda: examples)
    nlp.update(examples, sgd=optimizer)
    return nlp
