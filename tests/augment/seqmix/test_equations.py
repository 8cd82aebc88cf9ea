"""Equations (5) to (8) against loops in float64, and hard labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spacy_causal.augment.seqmix import nearest
from spacy_causal.augment.seqmix.mixing import harden, mix_labels, spans_in
from spacy_causal.augment.seqmix.token_table import TokenTable
from spacy_causal.numeric import mix
from spacy_causal.tags.detect import read_spans
from spacy_causal.tags.scheme import TagSet

FLOATS = st.floats(-2, 2, width=32)
VECTORS = arrays(np.float32, (4, 3), elements=FLOATS)
SHARES = arrays(np.float64, 4, elements=st.floats(0, 1))


@given(VECTORS, VECTORS, SHARES)
def test_mixing_is_linear(first, second, weights):
    mixed = mix(first, second, weights)
    assert mixed.dtype == np.float32
    for t in range(4):
        for d in range(3):
            a, b = float(first[t, d]), float(second[t, d])
            expected = weights[t] * a + (1 - weights[t]) * b
            assert mixed[t, d] == pytest.approx(expected, abs=1e-5)


def test_labels_mix_and_missing_stays_missing():
    first = np.array([[1, 0], [0, 1], [0, 0], [1, 0]], dtype="f4")
    second = np.array([[0, 1], [0, 1], [0, 1], [0, 0]], dtype="f4")
    mixed = mix_labels(first, second, np.array([0.25, 0.5, 0.5, 0.5]))
    np.testing.assert_allclose(mixed, [[0.25, 0.75], [0, 1], [0, 0], [0, 0]])


def closest(vectors, query, excluded):
    """Equation (7), one distance at a time."""
    best, least = None, float("inf")
    for i, vector in enumerate(vectors):
        distance = sum(
            (float(a) - float(b)) ** 2 for a, b in zip(vector, query, strict=True)
        )
        if i not in excluded and distance < least:
            best, least = i, distance
    return best


@pytest.mark.parametrize("batch", [1, 7, 512])
def test_the_nearest_word_is_the_closest(batch, monkeypatch):
    monkeypatch.setattr(nearest, "BATCH", batch)
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(40, 6)).astype("f4") * rng.uniform(0.2, 3, (40, 1))
    table = TokenTable(tuple(f"w{i}" for i in range(40)), vectors.astype("f4"))
    queries = rng.normal(size=(25, 6)).astype("f4")
    excluded = [rng.integers(40, size=n).tolist() for n in rng.integers(0, 9, 25)]
    found = table.nearest(queries, excluded)
    expected = [closest(vectors, q, e) for q, e in zip(queries, excluded, strict=True)]
    assert found.tolist() == expected


def test_no_word_left_is_an_error():
    table = TokenTable(("a", "b"), np.eye(2, dtype="f4"))
    with pytest.raises(ValueError, match="excluded"):
        table.nearest(np.zeros((1, 2)), [[0, 1]])
    assert table.nearest(np.zeros((0, 2)), []).shape == (0,)


def test_words_are_found_in_any_casing():
    table = TokenTable(("Oslo", "OSLO", "rome"), np.eye(3, dtype="f4"))
    assert [table.row(w) for w in ("OSLO", "oslo", "ROME", "Bonn")] == [1, 0, 2, -1]
    assert list(table.spellings("oSLo")) == [0, 1]
    with pytest.raises(ValueError, match="one row a word"):
        TokenTable(("a",), np.eye(2, dtype="f4"))


def test_plain_tags_are_their_own_spelling():
    rows = np.array([[0.2, 0.8], [0, 0], [0.6, 0.4]])
    assert harden(rows, TagSet("token", ("DET", "NOUN"))) == ["NOUN", "-", "DET"]


@given(
    arrays(np.float64, (9, 9), elements=st.floats(0, 1)),
    st.lists(st.integers(0, 8), max_size=3),
    st.sampled_from(["io", "bio", "biluo"]),
)
def test_hard_labels_are_well_formed_and_keep_the_larger_type(scores, missing, scheme):
    tag_set = TagSet(scheme, ("LOC", "PER"))
    rows = np.zeros((9, len(tag_set)))
    rows += scores[:, : len(tag_set)] + 1e-3
    rows[missing] = 0
    tags = harden(rows, tag_set)
    larger = [tag_set.names[i] for i in rows.argmax(axis=1)]
    larger = ["-" if i in missing else tag for i, tag in enumerate(larger)]
    for start, end, label in spans_in(larger):
        kept = {tag if tag == "-" else tag[2:] for tag in tags[start:end]}
        beside = [*larger[max(start - 1, 0) : start], *larger[end : end + 1]]
        assert kept == {label} or (kept == {"-"} and "-" in beside)
    for tag, was in zip(tags, larger, strict=True):
        assert was not in ("O", "-") or tag == was
    known = [tag if tag != "-" else "O" for tag in tags]
    assert read_spans(known, scheme) == spans_in(tags)
    starts = {start for start, _, _ in spans_in(tags)}
    assert all(i in starts for i, tag in enumerate(tags) if tag[0] in "BU")


@pytest.mark.parametrize(
    ("scheme", "larger", "expected"),
    [
        ("biluo", "B-P - L-P O", "- - - O"),
        ("biluo", "U-P - U-P O", "U-P - U-P O"),
        ("biluo", "B-P L-P - O", "B-P L-P - O"),
        ("biluo", "I-P O O B-P", "U-P O O U-P"),
        ("bio", "B-P - B-P O", "- - B-P O"),
        ("bio", "O - I-P O", "O - - O"),
        ("io", "I-P - O I-P", "- - O I-P"),
    ],
)
def test_a_mention_does_not_end_where_labels_are_missing(scheme, larger, expected):
    tag_set = TagSet(scheme, ("P",))
    rows = np.zeros((4, len(tag_set)))
    for i, tag in enumerate(larger.split()):
        if tag != "-":
            rows[i, tag_set.index[tag]] = 1
    assert harden(rows, tag_set) == expected.split()
