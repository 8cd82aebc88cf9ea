import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.tags.decode import decode, spans_of_tags, viterbi
from spacy_causal.tags.scheme import TagSet, tags_of_spans


def is_valid(names, scheme):
    """Written from the schemes' definitions, one token at a time."""
    open_type = None
    for name in names:
        mark, _, label = name.partition("-")
        if scheme == "biluo" and open_type and mark not in "IL":
            return False
        if mark in ("I", "L") and label != open_type:
            return False
        open_type = label if mark in ("B", "I") else None
    return not (scheme == "biluo" and open_type)


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
@pytest.mark.parametrize("seed", range(20))
def test_viterbi_finds_the_best_valid_sequence(scheme, seed):
    tags = TagSet(scheme, ("A", "B"))
    logits = np.random.default_rng(seed).normal(size=(4, len(tags)))
    best = max(
        (
            path
            for path in itertools.product(range(len(tags)), repeat=4)
            if is_valid([tags.names[i] for i in path], scheme)
        ),
        key=lambda path: sum(logits[t, tag] for t, tag in enumerate(path)),
    )
    assert viterbi(logits, tags).tolist() == list(best)


@given(
    seed=st.integers(0, 10_000),
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=5),
    scheme=st.sampled_from(["io", "bio", "biluo"]),
)
def test_a_batch_decodes_like_its_documents(seed, lengths, scheme):
    tags = TagSet(scheme, ("A", "B"))
    logits = np.random.default_rng(seed).normal(size=(sum(lengths), len(tags)))
    got = decode(logits, lengths, tags)
    for doc, end in enumerate(np.cumsum(lengths)):
        rows = slice(end - lengths[doc], end)
        names = [tags.names[i] for i in got[rows]]
        assert scheme == "io" or is_valid(names, scheme)
        if lengths[doc] and scheme != "io":
            assert got[rows].tolist() == viterbi(logits[rows], tags).tolist()


@given(
    data=st.data(),
    scheme=st.sampled_from(["bio", "biluo"]),
    lengths=st.lists(st.integers(0, 8), min_size=1, max_size=4),
)
def test_spans_come_back_from_their_tags(data, scheme, lengths):
    tags = TagSet(scheme, ("A", "B"))
    spans, spelled = [], []
    for n in lengths:
        cuts = sorted(data.draw(st.sets(st.integers(0, n), max_size=6)))
        kinds = [data.draw(st.integers(-1, 1)) for _ in cuts[1:]]
        pairs = zip(cuts, cuts[1:], kinds, strict=False)
        spans.append([(s, e, kind) for s, e, kind in pairs if kind >= 0])
        named = [(s, e, tags.labels[kind]) for s, e, kind in spans[-1]]
        spelled += [tags.index[t] for t in tags_of_spans(tags, named, n)]
    assert spans_of_tags(np.array(spelled, dtype=int), lengths, tags) == spans


def test_a_type_that_changes_within_io_ends_a_span():
    tags = TagSet("io", ("A", "B"))
    assert spans_of_tags(np.array([1, 1, 2, 0, 1]), [3, 2], tags) == [
        [(0, 2, 0), (2, 3, 1)],
        [(1, 2, 0)],
    ]


def test_ten_thousand_tokens():
    tags = TagSet("biluo", ("A", "B"))
    logits = np.random.default_rng(0).normal(size=(10_000, len(tags)))
    names = [tags.names[i] for i in decode(logits, [10_000], tags)]
    assert is_valid(names, "biluo")
