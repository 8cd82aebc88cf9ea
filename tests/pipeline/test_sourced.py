"""A component that another pipeline was given by `source=`."""

import pytest
import spacy
from spacy.tokens import Span
from spacy.training import Example


@pytest.mark.parametrize("pipe", ["causal_ner", "causal_tagger"])
def test_a_label_added_since_is_written_in_the_other_vocabulary(nlp, examples, pipe):
    """spaCy shares the component, and copies the strings only when it is sourced."""
    nlp.add_pipe(pipe)
    nlp.initialize(lambda: examples)
    other = spacy.blank("en")
    other.add_pipe(pipe, source=nlp)
    other.get_pipe(pipe).add_label("ZEPPELIN")
    reference = nlp.make_doc("Hindenburg Hindenburg")
    reference.set_ents([Span(reference, 0, 2, label="ZEPPELIN")])
    for token in reference:
        token.tag_ = "ZEPPELIN"
    optimizer = nlp.resume_training()
    for _ in range(40):
        nlp.update([Example(nlp.make_doc(reference.text), reference)], sgd=optimizer)
    token = other(reference.text)[0]
    assert "ZEPPELIN" in {token.ent_type_, token.tag_}
