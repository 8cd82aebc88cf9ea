"""Which of a JSON object's keys say what the entities are, and what their lack says."""

import json

import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_causal.corpus.convert import Summary, read_docs
from spacy_causal.corpus.records import Options

LOC, PER = [0, 3, "LOC"], [0, 3, "PER"]
SPAN = {"start": 0, "end": 3, "label": "LOC"}


def read(path, **value):
    path.write_text(json.dumps({"text": "Ada ran", **value}))
    summary = Summary()
    return [doc for _, doc in read_docs(path, Options(), summary)], summary


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"answer": "accept"},
        {"answer": "accept", "options": [], "accept": ["A"]},
        # What is asked about is marked, and no entity of the label "mention".
        {
            "_view_id": "choice",
            "answer": "accept",
            "accept": ["LOC"],
            "spans": [{**SPAN, "label": "mention"}],
        },
    ],
)
def test_nobody_said_what_the_entities_are(tmp_path, value):
    (doc,), summary = read(tmp_path / "a.jsonl", **value)
    assert not doc.has_annotation("ENT_IOB")
    assert summary.counts["documents without annotation"] == 1


@pytest.mark.parametrize(
    "value",
    [
        {"spans": []},
        {"spans": None},
        {"ents": []},
        {"label": []},
        {"label": {}},
        {"labels": [], "entities": []},
        {"_view_id": "ner_manual", "answer": "accept"},
    ],
)
def test_there_are_none(tmp_path, value):
    (doc,), summary = read(tmp_path / "a.jsonl", **value)
    assert [token.ent_iob_ for token in doc] == ["O", "O"] and not summary.problems


@pytest.mark.parametrize(
    ("spans", "tags"), [([SPAN], ["B", ""]), ([], ["", ""]), (None, ["", ""])]
)
def test_of_a_span_alone_nothing_is_known_beside_it(tmp_path, spans, tags):
    """As somebody says yes or no to one span after the other."""
    value = {"spans": spans, "label": "LOC", "_view_id": "ner", "_is_binary": True}
    (doc,), summary = read(tmp_path / "a.jsonl", answer="accept", **value)
    assert [token.ent_iob_ for token in doc] == tags and not summary.problems
    docs, summary = read(tmp_path / "a.jsonl", answer="reject", **value)
    assert not docs and summary.counts["records with answer 'reject'"] == 1


@pytest.mark.parametrize("answer", [{}, {"answer": "accept"}])
def test_the_class_of_a_text_is_no_entity(tmp_path, answer):
    docs, summary = read(tmp_path / "a.jsonl", label="POS", **answer)
    assert not docs
    assert summary.problems[0].reason == "item 1: 'label' is str, a list is expected"


@pytest.mark.parametrize(
    "value",
    [
        {"label": [], "entities": [LOC]},
        {"label": {}, "entities": [LOC]},
        {"label": [LOC], "entities": []},
        {"labels": [LOC], "entities": [LOC]},
        {"spans": [], "entities": [LOC]},
        {"spans": [SPAN], "label": "LOC", "answer": "accept"},
        {"labels": [LOC], "answer": "accept"},
        {"ents": [SPAN], "labels": []},
    ],
)
def test_the_key_that_has_some_is_read(tmp_path, value):
    (doc,), summary = read(tmp_path / "a.jsonl", **value)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ada", "LOC")]
    assert not summary.problems


@pytest.mark.parametrize(
    ("value", "keys"),
    [
        ({"label": [LOC], "entities": [PER]}, "'label' and 'entities'"),
        ({"spans": [SPAN], "labels": [LOC, [4, 7, "V"]]}, "'spans' and 'labels'"),
    ],
)
def test_keys_that_contradict_each_other_are_named(tmp_path, value, keys):
    docs, summary = read(tmp_path / "a.jsonl", **value)
    assert not docs
    assert summary.problems[0].reason == f"item 1: {keys} hold different spans"


def test_entities_as_spacy_writes_a_doc(tmp_path):
    doc = Doc(Vocab(), words=["Ada", " ", "ran", "in-and-out"], spaces=[1, 0, 1, 0])
    doc.set_ents([Span(doc, 0, 1, "PER")])
    (read_back,), summary = read(tmp_path / "a.jsonl", **doc.to_json())
    assert [token.text for token in read_back] == [token.text for token in doc]
    assert [(ent.text, ent.label_) for ent in read_back.ents] == [("Ada", "PER")]
    assert not summary.problems and not summary.counts["documents without annotation"]
