import re

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin

from spacy_causal.targets.token_targets import (
    TokenTargets,
    get_targets,
    set_targets,
    slice_targets,
)

LABELS = ("O", "B-A", "I-A")


def soft(n, seed=0):
    rows = np.random.default_rng(seed).dirichlet(np.ones(3), size=n).astype("float32")
    rows[1::3] = 0
    return TokenTargets("bio", LABELS, rows)


def doc_with_targets(n=5):
    doc = Doc(spacy.blank("en").vocab, words=[f"w{i}" for i in range(n)])
    set_targets(doc, "ner", soft(n))
    return doc


@given(st.integers(0, 12), st.integers(0, 999))
def test_sparse_form_is_exact(n, seed):
    targets = soft(n, seed)
    back = TokenTargets.from_dict(targets.to_dict())
    assert (back.scheme, back.labels) == (targets.scheme, targets.labels)
    np.testing.assert_array_equal(back.rows, targets.rows)


def test_targets_survive_bytes_and_docbins_and_come_back_writable():
    doc = doc_with_targets()
    expected = get_targets(doc, "ner").rows
    by_bytes = Doc(doc.vocab).from_bytes(doc.to_bytes())
    stored = DocBin(docs=[doc], store_user_data=True).to_bytes()
    (by_bin,) = DocBin().from_bytes(stored).get_docs(doc.vocab)
    for copy in (by_bytes, by_bin, doc.copy()):
        rows = get_targets(copy, "ner").rows
        np.testing.assert_array_equal(rows, expected)
        rows[0] = 0


def test_lost_targets_leave_missing_annotation_not_a_false_o():
    doc = doc_with_targets()
    (lost,) = DocBin().from_bytes(DocBin(docs=[doc]).to_bytes()).get_docs(doc.vocab)
    assert get_targets(lost, "ner") is None
    assert {token.ent_iob for token in lost} == {0}
    assert {token.ent_iob for token in doc[1:4].as_doc()} == {0}


def test_tags_are_missing_too():
    doc = Doc(spacy.blank("en").vocab, words=["a"], tags=["DT"])
    set_targets(doc, "tag", TokenTargets("token", ("DT",), np.ones((1, 1))))
    assert doc[0].tag_ == ""


def test_a_slice():
    doc = doc_with_targets()
    part = slice_targets(doc._.token_targets, 1, 4)["ner"]
    np.testing.assert_array_equal(TokenTargets.from_dict(part).rows, soft(5).rows[1:4])


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[0.5, 0.0, 0.0]], "token 0 is not a distribution: it sums to 0.5"),
        ([[1.5, -0.5, 0.0]], "not a distribution"),
        ([[np.nan, 0.0, 0.0]], "not a distribution"),
        ([[1.0, 0.0]], "do not fit their 3 labels"),
    ],
)
def test_rows_that_are_no_distribution(rows, reason):
    with pytest.raises(ValueError, match=reason):
        TokenTargets("bio", LABELS, np.array(rows))


def test_other_bad_values():
    doc = doc_with_targets()
    with pytest.raises(ValueError, match="name a label twice"):
        TokenTargets("token", ("A", "A"), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="2 rows of token targets for a Doc of 5"):
        set_targets(doc, "ner", soft(2))
    with pytest.raises(ValueError, match="lack n_tokens"):
        TokenTargets.from_dict(
            {k: v for k, v in soft(1).to_dict().items() if k != "n_tokens"}
        )
    doc._.token_targets = {"ner": soft(3).to_dict()}
    with pytest.raises(ValueError, match="was it cut or merged"):
        get_targets(doc, "ner")


@pytest.mark.parametrize("carried", ["junk", ["ner"], {"ner": None}])
def test_targets_of_no_layer_name_their_document(carried):
    doc = doc_with_targets()
    doc._.token_targets = carried
    with pytest.raises(ValueError, match=r"dicts by layer.*'w0 w1"):
        get_targets(doc, "ner")


@pytest.mark.parametrize(
    ("key", "values", "reason"),
    [
        ("token", [0, 5], "name the token 5, which is out of bounds: there are 5"),
        ("token", [0, -1], "name the token -1"),
        ("label", [0, 3], "name the label 3, which is out of bounds: there are 3"),
        ("label", [-3, 0], "name the label -3"),
        ("label", [0], "not of one length: {'token': 2, 'label': 1"),
        ("probability", [0.5, 1.0], "token 0 is not a distribution"),
    ],
)
def test_stored_targets_that_are_none_name_their_document(key, values, reason):
    doc = doc_with_targets()
    two = {"token": [0, 1], "label": [0, 1], "probability": [1.0, 1.0]}
    value = {**soft(5).to_dict(), **two, key: values}
    doc._.token_targets = {"ner": {k: np.asarray(v) if k in two else v
                                   for k, v in value.items()}}  # fmt: skip
    with pytest.raises(ValueError, match=re.escape(reason)) as error:
        get_targets(doc, "ner")
    assert str(error.value).endswith("Document: 'w0 w1 w2 w3 w4 '")


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 100))
def test_a_slice_is_that_of_the_rows(start, length, seed):
    rng = np.random.default_rng(seed)
    rows = rng.random((12, 3)).astype("float32") * (rng.random((12, 3)) > 0.5)
    mass = rows.sum(axis=1, keepdims=True)
    whole = TokenTargets("token", ("a", "b", "c"), rows / np.where(mass > 0, mass, 1))
    end = min(start + length, 12)
    sliced = slice_targets({"ner": whole.to_dict()}, start, end)["ner"]
    np.testing.assert_array_equal(
        TokenTargets.from_dict(sliced).rows, whole.rows[start:end]
    )
