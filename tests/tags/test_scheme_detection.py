"""Schemes seen from tags, and the spans that the tags spell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.tags.detect import TagError, detect_scheme, read_spans
from spacy_causal.tags.scheme import TagSet, tags_of_spans

CASES = [
    ("io", "O I-A I-A O I-B", [(1, 3, "A"), (4, 5, "B")], 0),
    ("io", "O A A B O", [(1, 3, "A"), (3, 4, "B")], 0),
    ("io", "O O", [], 0),
    ("iob1", "I-A B-A I-A O", [(0, 1, "A"), (1, 3, "A")], 0),
    ("iob1", "I-A O I-A O B-B", [(0, 1, "A"), (2, 3, "A"), (4, 5, "B")], 1),
    ("bio", "B-A I-A B-A O", [(0, 2, "A"), (2, 3, "A")], 0),
    ("bio", "B-A O B-A I-B", [(0, 1, "A"), (2, 3, "A"), (3, 4, "B")], 1),
    ("bio", "B-A - I-A", [(0, 1, "A"), (2, 3, "A")], 1),
    ("biluo", "B-A I-A L-A U-A O", [(0, 3, "A"), (3, 4, "A")], 0),
    ("biluo", "B-A E-A S-B", [(0, 2, "A"), (2, 3, "B")], 0),
    ("biluo", "B-A M-A E-A O S-B", [(0, 3, "A"), (4, 5, "B")], 0),
    ("bio", "B_A I_A B_A-x B_A_x O", [(0, 2, "A"), (2, 3, "A-x"), (3, 4, "A_x")], 0),
]


@pytest.mark.parametrize(("scheme", "tags", "spans", "odd"), CASES)
def test_cases(scheme, tags, spans, odd):
    assert detect_scheme([tags.split()]) == (scheme, odd)
    assert read_spans(tags.split(), scheme) == spans


@pytest.mark.parametrize(
    ("scheme", "tags", "position"),
    [
        ("bio", "O PER", 1),
        ("bio", "B-A U-A", 1),
        ("bio", "O B-", 1),
        ("bio", "O B_", 1),
        ("io", "I-A B-A", 1),
        ("io", "O B-", 1),
        ("biluo", "O I-A", 1),
        ("biluo", "B-A I-B L-B", 1),
        ("biluo", "O B-A", 1),
        ("biluo", "B-A O", 1),
        ("biluo", "B-A - L-A", 1),
    ],
)
def test_what_fits_no_scheme_names_the_tag(scheme, tags, position):
    with pytest.raises(TagError) as error:
        read_spans(tags.split(), scheme)
    assert error.value.position == position


def test_one_bad_sequence_does_not_change_the_scheme():
    good = [["B-A", "L-A", "O"]] * 3
    assert detect_scheme([*good, ["B-A", "O"]]).scheme == "biluo"
    assert detect_scheme([["B-A", "I-A"]] * 3 + [["S-A"]]).scheme == "bio"


@given(
    scheme=st.sampled_from(["io", "bio", "biluo"]),
    cuts=st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["", "A", "B"]))),
)
def test_spans_survive_their_spelling(scheme, cuts):
    spans, end, before = [], 0, ""
    for length, label in cuts:
        if label and not (scheme == "io" and label == before):
            spans.append((end, end + length, label))
        before, end = label, end + length
    if scheme == "io":
        spans = [span for span in spans if not _touches_same(span, spans)]
    tags = tags_of_spans(TagSet(scheme, ("A", "B")), spans, end)
    assert read_spans(tags, scheme) == spans


def _touches_same(span, spans):
    return any(end == span[0] and label == span[2] for _, end, label in spans)
