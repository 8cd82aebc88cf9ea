"""The real data sets come out with the counts that their authors state."""

import pytest
from corpus_counts import EXPECTED, count_corpus


@pytest.mark.corpora
@pytest.mark.parametrize("name", EXPECTED)
def test_counts(corpora_dir, name):
    counts, summary = count_corpus(corpora_dir, name)
    assert {key: counts[key] for key in EXPECTED[name]} == EXPECTED[name]
    assert not summary.problems


@pytest.mark.corpora
def test_conll_2003_is_seen_as_iob1(corpora_dir):
    _, summary = count_corpus(corpora_dir, "conll2003/eng.testa")
    assert (summary.format, summary.scheme) == ("conll", "iob1")
