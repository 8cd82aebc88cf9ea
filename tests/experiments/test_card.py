"""A card's facts, and that what comes from data is only text."""

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import load_config, load_model_from_config

from spacy_causal.augment.provenance import Swapped, set_provenance
from spacy_causal.augment.seqmix.provenance import set_mix
from spacy_causal.experiments.card import (
    Card,
    Counts,
    adjustment_of,
    count_labels,
    count_sources,
    label_scores,
)
from spacy_causal.experiments.card_text import (
    describe,
    escape,
    is_description,
    render_card,
)
from spacy_causal.targets.token_targets import TokenTargets, set_targets


def test_sources_of_labels(examples, nlp):
    plain, _, _, swapped = (eg.reference for eg in examples)
    set_provenance(swapped, "x", [Swapped(0, 1, 0, 1, "PER", "a", "b")], dropped=0)
    partly = plain.copy()
    partly.set_ents([Span(partly, 0, 2, "PER")], missing=[partly[2:]])
    names = ("O", "U-PER")
    rows = np.array([[1, 0], [0.3, 0.7], [0, 0], [0, 1]], dtype="float32")
    taught, mixed = (Doc(nlp.vocab, words=list("abcd")) for _ in range(2))
    for doc in (taught, mixed):
        set_targets(doc, "ner", TokenTargets("biluo", names, rows))
    set_mix(mixed, parents=["x", "y"])
    found = {
        s.name: s[1:]
        for s in count_sources([plain, swapped, partly, taught, mixed], "ner")
    }
    assert found == {
        "annotation": (2, 9 + 2, 0, 7),
        "entity swaps": (1, 8, 0, 0),
        "answers and other token targets": (1, 2, 1, 1),
        "mixed sequences": (1, 2, 1, 1),
    }


def test_counts(examples):
    docs = [eg.reference for eg in examples]
    counts = count_labels("x", docs, "ner")
    assert counts == ("x", 4, 28, {"LOC": 3, "ORG": 2, "PER": 3})
    assert sum(count_labels("x", docs, "tag").labels.values()) == 28


@Language.component("first_letter_or_punct")
def first_letter_or_punct(doc):
    for token in doc:
        token.tag_ = "PUNCT" if token.text == "." else "A"
    return doc


def test_scores_of_tags(examples):
    """Four full stops right; of the others only what begins with A."""
    nlp = spacy.blank("en")
    nlp.add_pipe("first_letter_or_punct")
    docs = [eg.reference for eg in examples]
    n_a = sum(t.tag_ == "A" for doc in docs for t in doc)
    overall, per_label = label_scores(nlp, docs, "tag")
    assert overall["f"] == overall["p"] == pytest.approx((4 + n_a) / 28)
    assert per_label["PUNCT"] == {"p": 1, "r": 1, "f": 1}
    assert per_label["A"]["r"] == 1
    assert per_label["A"]["p"] == pytest.approx(n_a / 24)
    assert per_label["N"] == {"p": 0, "r": 0, "f": 0}


def test_the_adjustment_is_read_off_the_config(nlp):
    nlp.add_pipe("causal_ner")
    found = adjustment_of(nlp, "causal_ner")
    assert found["adjustment"] == "approximate"
    assert found["encoder: substitute"] == "confounder"
    assert not any(isinstance(value, dict) for value in found.values())
    assert "nO" not in found, "of settings that are not set nobody learns anything"


def test_variables_of_the_config_are_filled_in():
    path = Path(__file__).parents[2] / "configs" / "cnn.cfg"
    config = load_config(path, overrides={"system.seed": 17})
    found = adjustment_of(load_model_from_config(config, auto_fill=True), "causal_ner")
    assert found["encoder: seed"] == 17


HOSTILE = "<b>|`a`*_[x](y)\n# z"


def card(**changes):
    facts = {
        "name": HOSTILE,
        "version": "1",
        "pipes": ["ner"],
        "layer": "ner",
        "component": None,
        "data": Counts(HOSTILE, 1, 2, {HOSTILE: 1}),
        "train": None,
        "overall": dict.fromkeys("prf"),
        "per_label": {HOSTILE: {"p": 1, "r": 0.5, "f": 2 / 3}},
        "effects": None,
        "calibration": None,
        "confounders": [],
        "adjustment": {},
        "command": "python",
        "versions": {"spacy": "3"},
    }
    return Card(**{**facts, **changes})


def test_what_comes_from_data_is_text():
    text = render_card(card())
    for bad in ("<b>", "|`", "[x](y)", "\n# z"):
        assert bad not in text.replace("\\", "\\ ")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    n_cells = {line.replace("\\|", "").count("|") for line in rows}
    assert n_cells == {3, 6}
    assert "66.7" in text and "–" in text
    assert escape("a_b & c") == "a\\_b &amp; c"


def test_many_labels_are_counted():
    labels = {f"L{i}": 1 for i in range(30)}
    said = describe(card(data=Counts("x", 1, 2, labels)))
    assert "30 labels" in said and "L3" not in said
    assert "\n" not in describe(card())
    for made in (card(), card(layer="tag", overall=dict.fromkeys("prf"))):
        assert is_description(describe(made))
    assert not is_description("Named entities (PER) in letters.")
