"""A pipeline whose uncertainty counts, and a pool."""

import json

import pytest
import spacy
from selecting import TEXTS
from spacy.tokens import Doc
from spacy.training import Example


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_tagger")
    doc = Doc(nlp.vocab, words=["Anna", "left", "."], tags=["N", "V", "."])
    nlp.initialize(lambda: [Example(Doc(nlp.vocab, words=["Anna", "left", "."]), doc)])
    path = tmp_path_factory.mktemp("select") / "model"
    nlp.to_disk(path)
    return path


@pytest.fixture
def pool(tmp_path):
    path = tmp_path / "pool.jsonl"
    lines = [json.dumps({"text": text, "id": i, "meta": {"of": "x"}})
             for i, text in enumerate(TEXTS)]  # fmt: skip
    path.write_text("\n".join(lines) + "\n")
    return path
