"""Which of overlapping spans are kept, against the slow way to choose them."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.corpus.spans import keep_longest, overlap_flaws

SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 8), st.sampled_from("AB")).map(
        lambda drawn: (drawn[0], drawn[0] + drawn[1], drawn[2])
    )
)


@given(SPANS)
def test_kept_spans_are_the_longest_that_fit(spans):
    kept = []
    for span in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        if not any(span[0] < end and start < span[1] for start, end, _ in kept):
            kept.append(span)
    assert keep_longest(spans) == sorted(kept)


@given(SPANS)
def test_overlaps_are_found_exactly_where_some_would_be_left_out(spans):
    assert bool([*overlap_flaws("x" * 30, spans)]) == (
        len(keep_longest(spans)) < len(spans)
    )
