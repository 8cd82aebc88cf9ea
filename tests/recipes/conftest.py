"""A recipe with a toy model, whose learner stays in this process."""

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_causal.learning.cold_start import cold_start
from spacy_causal.server import beginning


@pytest.fixture
def model(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_ner")
    cold_start(nlp, "causal_ner", ["PER", "LOC"])
    nlp.to_disk(tmp_path / "model")
    return str(tmp_path / "model")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "Anna\\u00e9  lives in\\tParis."}\n{"text": "שלום 😀"}\n')
    return str(path)


@pytest.fixture
def labelled(tmp_path):
    """Labelled files, of two texts and of one."""
    doc = Doc(spacy.blank("en").vocab, words=["Anna", "left"], ents=["B-PER", "O"])
    files = {"initial": tmp_path / "initial.spacy", "dev": tmp_path / "dev.spacy"}
    for path, n in zip(files.values(), (2, 1), strict=True):
        DocBin(docs=[doc] * n).to_disk(path)
    return files


class Idle:
    """A background learner that takes down what it is asked."""

    busy, n_learnt, n_rolled_back, fell, failure = False, 0, 0, (), None

    def __init__(self, build):
        self.build, self.asked = build, []

    def learn(self, batch):
        self.asked.append(("learn", list(batch)))

    def forget(self, keys):
        self.asked.append(("forget", list(keys)))

    def take_weights(self):
        return None

    def save(self, path):
        self.asked.append(("save", path))

    def close(self):
        self.asked.append(("close",))


@pytest.fixture(autouse=True)
def idle(monkeypatch):
    monkeypatch.setattr(beginning, "BackgroundLearner", Idle)
