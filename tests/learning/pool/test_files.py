"""Files that a view leaves, and files that a pool is read from."""

import os

import numpy as np
import spacy
from spacy.tokens import Doc, DocBin

from spacy_causal.learning.pool.source import read_passages
from spacy_causal.learning.pool.store import FileStore


def test_what_was_killed_while_blocks_were_joined_goes_on(tmp_path):
    store = FileStore(tmp_path)
    for block in range(2):
        store.put(block, {"lengths": np.full(2, block)})
    # A process of the same number, as in a container, got no further.
    (tmp_path / f".whole.{os.getpid()}.part").mkdir()
    assert store.gather()["lengths"].tolist() == [0, 0, 1, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_sentence_of_white_space_is_no_passage(tmp_path):
    vocab, path = spacy.blank("en").vocab, tmp_path / "pool.spacy"
    words = ["Hi", ".", "\n\n"]
    DocBin(docs=[Doc(vocab, words=words, spaces=[False] * 3)]).to_disk(path)
    assert [p.text for p in read_passages(path, vocab, "sents")] == ["Hi."]
