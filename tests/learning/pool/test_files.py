"""Files that a view leaves, and files that a pool is read from."""

import json
import resource
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_causal.learning.pool.source import read_passages
from spacy_causal.learning.pool.store import FileStore


def two_blocks(folder):
    store = FileStore(folder)
    for block in range(2):
        store.put(block, {"lengths": np.full(2, block)})


def test_what_was_killed_while_blocks_were_joined_goes_on(tmp_path):
    two_blocks(tmp_path)
    for left in (".whole.1.2.part", ".00000002.1.2.part"):
        (tmp_path / left).mkdir()
        np.save(tmp_path / left / "lengths.npy", np.zeros(1))
    assert FileStore(tmp_path).gather()["lengths"].tolist() == [0, 0, 1, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_join_that_fails_leaves_the_blocks(tmp_path, monkeypatch):
    two_blocks(tmp_path)

    def full(*_):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("spacy_causal.learning.pool.store._part", full)
        with pytest.raises(OSError, match="no space"):
            FileStore(tmp_path).gather()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000000", "00000001"]
    assert FileStore(tmp_path).gather()["lengths"].tolist() == [0, 0, 1, 1]


def test_a_pool_of_more_blocks_than_files_may_be_open(tmp_path):
    n_open = len(list(Path("/proc/self/fd").iterdir()))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    store = FileStore(tmp_path)
    for block in range(40):
        store.put(block, {"lengths": np.full(2, block), "best": np.ones(2)})
    resource.setrlimit(resource.RLIMIT_NOFILE, (n_open + 20, hard))
    try:
        arrays = store.gather()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert arrays["lengths"].tolist() == np.repeat(np.arange(40), 2).tolist()


def test_of_what_stands_beside_a_text_only_what_is_written_is_kept(tmp_path):
    path = tmp_path / "pool.jsonl"
    path.write_text('{"text": "Hi.", "id": 3, "spans": [1, 2], "meta": {"a": 1}}\n')
    (passage,) = read_passages(path, spacy.blank("en").vocab)
    assert passage.record == {"id": 3, "meta": {"a": 1}} and passage.doc is None


TOKENS = [{"start": 0, "end": 5}, {"start": 6, "end": 7}, {"start": 8, "end": 9}]


@pytest.mark.parametrize(
    ("split", "cut"),
    [
        ("none", [["In-mo", ".", "x"]]),
        ("sents", [["In-mo", "."], ["x"]]),
        ("lines", [None]),
    ],
)
def test_a_text_keeps_the_tokens_that_its_file_gives_it(split, cut, tmp_path):
    path = tmp_path / "pool.jsonl"
    line = {"text": "In-mo . x", "id": 3, "tokens": TOKENS, "answer": "reject"}
    path.write_text(json.dumps(line))
    found = list(read_passages(path, spacy.blank("en").vocab, split))
    assert [x.doc and [token.text for token in x.doc] for x in found] == cut
    assert all(x.record == {"id": 3} for x in found)
    path.write_text(json.dumps(line | {"tokens": TOKENS[1:]}))
    (problem,) = read_passages(path, spacy.blank("en").vocab, split)
    assert "does not follow the last" in str(problem)


def test_a_sentence_of_white_space_is_no_passage(tmp_path):
    vocab, path = spacy.blank("en").vocab, tmp_path / "pool.spacy"
    words = ["Hi", ".", "\n\n"]
    DocBin(docs=[Doc(vocab, words=words, spaces=[False] * 3)]).to_disk(path)
    assert [p.text for p in read_passages(path, vocab, "sents")] == ["Hi."]


def test_a_pool_in_the_column_of_a_csv_file(tmp_path):
    path = tmp_path / "pool.csv"
    path.write_text('id,text\n1,"Anna Li, of\nOslo"\n2,\n3,It rained.\n')
    found = list(read_passages(path, spacy.blank("en").vocab))
    texts = [(x.text, x.line) for x in found if hasattr(x, "text")]
    assert texts == [("Anna Li, of\nOslo", 2), ("It rained.", 5)]
    (problem,) = (x for x in found if not hasattr(x, "text"))
    assert "it is empty" in str(problem)
