"""A pipeline that asks."""

import pytest
from shown_candidates import CONFOUNDERS
from spacy.language import Language


@pytest.fixture
def trained(nlp, examples):
    """Trains a labeller, and gives it a `candidate_scorer` with these settings."""

    def build(labeller: str = "causal_ner", **settings) -> Language:
        nlp.add_pipe(labeller, config={"confounders": CONFOUNDERS})
        nlp.add_pipe("candidate_scorer", config={"near_miss": 0.02, **settings})
        sgd = nlp.initialize(lambda: examples)
        for _ in range(8):
            nlp.update(examples, sgd=sgd)
        return nlp

    return build
