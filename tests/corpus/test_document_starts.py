"""A "-DOCSTART-" line ends a sentence, with or without empty lines around it."""

import pytest

from spacy_causal.corpus.convert import Summary, read_docs
from spacy_causal.corpus.records import Options, Problem

TABLE = "Ada B-PER\nByron I-PER\n{}King I-PER\nran O\n"


def read(path, data):
    path.write_text(data)
    summary = Summary()
    return [doc for _, doc in read_docs(path, Options(), summary)], summary


@pytest.mark.parametrize("before", ["", "\n"])
@pytest.mark.parametrize("after", ["", "\n"])
def test_no_entity_runs_into_the_next_document(tmp_path, before, after):
    start = f"{before}-DOCSTART- O\n{after}"
    docs, summary = read(tmp_path / "a.conll", TABLE.format(start))
    assert [doc.text.split() for doc in docs] == [["Ada", "Byron"], ["King", "ran"]]
    assert [[ent.text for ent in doc.ents] for doc in docs] == [["Ada Byron"], ["King"]]
    assert summary.counts["-DOCSTART- lines"] == 1 and not summary.problems


def test_a_bad_line_takes_its_own_document_with_it_only(tmp_path):
    path = tmp_path / "a.conll"
    docs, summary = read(path, TABLE.format("x\x00 O\n-DOCSTART- O\n"))
    reason = "control character U+0000 at character 1"
    assert summary.problems == [Problem(path, 3, reason)]
    assert [doc.text.split() for doc in docs] == [["King", "ran"]]
