"""What confounders are said to do to labels, and how many sentences have none."""

import numpy as np
import pytest
from small_encoders import cnn

from spacy_causal.ml.head import module_of
from spacy_causal.pipeline.confounding import share_without
from spacy_causal.types import Confounder, TypedSentence

FREQUENT = {"@misc": "spacy-causal.frequent_confounders.v1", "size": 3}


@pytest.mark.parametrize("scheme", ["io", "biluo"])
@pytest.mark.parametrize(
    "head", [{}, {"scale": True}, {"adjustment": "exact"}], ids=str
)
def test_effects_are_what_a_confounder_adds_to_a_label(nlp, examples, head, scheme):
    """By eq. (1) with all attention on one z: beside the mean tag, in float64."""
    model = {"@architectures": "spacy-causal.DeconfoundedTagger.v1", **head}
    config = {"scheme": scheme, "confounders": FREQUENT}
    config["model"] = {**model, "tok2vec": cnn()}
    pipe = nlp.add_pipe("causal_ner", config=config)
    nlp.update(examples, sgd=nlp.initialize(lambda: examples))
    layer = module_of(pipe.model.get_ref("output_layer"))
    weights = layer.output.weight.detach().numpy().astype(float)
    vectors = layer.vectors.numpy().astype(float)
    effects = pipe.confounder_effects()
    assert list(effects) == [c.word for c in pipe.confounders] and len(effects) == 3
    for (word, p, _), z in zip(pipe.confounders, vectors, strict=True):
        times = {"": p, "scale": 3 * p, "adjustment": 1}["".join(head)]
        added = {
            tag: times * sum(w * x for w, x in zip(row[len(z) :], z, strict=True))
            for tag, row in zip(pipe.tag_set.names, weights, strict=True)
        }
        mean = sum(added.values()) / len(added)
        for label, found in effects[word].items():
            own = [x - mean for tag, x in added.items() if tag[2:] == label]
            assert found == pytest.approx(np.mean(own), rel=1e-4, abs=1e-6)
        assert list(effects[word]) == list(pipe.labels)


def test_the_share_of_sentences_without_any():
    confounders = [Confounder("on", 0.5, 1.0), Confounder("in", 0.5, 1.0)]
    texts = ["he is in", "on and on", "nobody came", "she came"]
    sentences = [TypedSentence(t.split(), [""] * len(t.split())) for t in texts]
    assert share_without(sentences, confounders) == 2 / 4
    assert share_without(sentences, []) == 1
    assert share_without([], confounders) == 1
