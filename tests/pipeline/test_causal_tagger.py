"""What `causal_tagger` writes where rules have written already."""

import pytest
import spacy


@pytest.mark.parametrize("attribute", ["tag", "pos"])
@pytest.mark.parametrize("own", [{}, {"overwrite": True}])
def test_tags_of_rules_stand_as_they_do_before_spacys_tagger(own, attribute, examples):
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("attribute_ruler")
    nlp.add_pipe("causal_tagger", config={"attribute": attribute, **own})
    nlp.initialize(lambda: examples)
    assert "PROPN" not in nlp.get_pipe("causal_tagger").labels
    ruler.add([[{"ORTH": "Acme"}]], {attribute.upper(): "PROPN"})
    doc = nlp("He met Acme there .")
    said = [getattr(token, f"{attribute}_") for token in doc]
    assert all(said)
    assert (said[2] == "PROPN") is not bool(own)
