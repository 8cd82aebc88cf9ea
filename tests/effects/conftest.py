"""Documents with a known truth, and pipelines that were trained on them."""

import pytest
from known_pipelines import HASHED, TEXTS, gold, train


@pytest.fixture
def golds(nlp):
    return [gold(nlp.vocab, text) for text in TEXTS]


@pytest.fixture
def own(nlp, golds):
    """spaCy's `ner` with a tok2vec of its own."""
    nlp.add_pipe("ner", config={"model": {"tok2vec": HASHED}})
    return train(nlp, golds)


@pytest.fixture
def shared(nlp, golds):
    """spaCy's `ner`, listening to a shared tok2vec."""
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": HASHED["width"]}
    nlp.add_pipe("tok2vec", config={"model": HASHED})
    nlp.add_pipe("ner", config={"model": {"tok2vec": listener}})
    return train(nlp, golds)
