"""Every command that trains or scores, on a CUDA device."""

import subprocess
import sys
from contextlib import closing
from functools import partial

import pytest
import spacy
from small_encoders import cnn
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_causal.corpus.files import read_spacy
from spacy_causal.learning.answers import Answer
from spacy_causal.learning.background import BackgroundLearner
from spacy_causal.learning.journal import Answered
from spacy_causal.learning.weights import pipes_from_bytes
from spacy_causal.server.teaching import build_learner

DEVICE = 0
CUDA = """
import spacy, torch
raise SystemExit(not (torch.cuda.is_available() and spacy.prefer_gpu()))
"""
NAMES = ["Anna", "Bruno", "Clara", "David", "Emma", "Felix", "Georg", "Hanna"]
PLACES = ["Paris", "Berlin", "Rome", "Oslo"]

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module", autouse=True)
def device():
    """Asked in a process of its own: what asks for a GPU keeps it."""
    if subprocess.run([sys.executable, "-c", CUDA], capture_output=True).returncode:
        pytest.skip("no CUDA device, or no cupy: nothing of this ran on a GPU")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """train.spacy, and a pipeline that was trained on it on the CPU."""
    path = tmp_path_factory.mktemp("gpu")
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": cnn()}})
    docs = []
    for i in range(32):
        name, place = NAMES[i % 8], PLACES[i // 8]
        doc = Doc(nlp.vocab, words=[name, "lives", "in", place, "."])
        doc.set_ents([Span(doc, 0, 1, "PER"), Span(doc, 3, 4, "LOC")])
        docs.append(doc)
    DocBin(docs=docs).to_disk(path / "train.spacy")
    (path / "pool.txt").write_text("\n".join(doc.text for doc in docs))
    fix_random_seed(0)
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in docs]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(30):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(path / "model")
    return path


COMMANDS = {
    "augment": "train.spacy swapped.spacy --model model",
    "seqmix": "train.spacy mixed.spacy --model model --density 0.2 --screen none",
    "effects": "model train.spacy --samples 10",
    "calibrate": "model train.spacy",
    "card": "model train.spacy --samples 10",
    "select": "model pool.txt --budget 3 -o batch.jsonl",
    "simulate-feedback": "train.spacy train.spacy --model model --steps 5",
    "simulate-active": "train.spacy train.spacy --strategies random,wbadge --seeds 1",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command(folder, name):
    command = [sys.executable, "-m", "spacy", "causal", name, *COMMANDS[name].split()]
    done = subprocess.run(
        [*command, "--gpu-id", str(DEVICE)], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_said_is_what_the_cpu_says(folder):
    says = """
import sys, spacy
if sys.argv[1] == "gpu":
    spacy.require_gpu(0)
from spacy_causal.corpus.files import read_spacy
nlp = spacy.load("model")
for doc in nlp.pipe(doc.text for doc in read_spacy("train.spacy", nlp.vocab)):
    print([(ent.text, ent.label_) for ent in doc.ents])
"""
    said = [
        subprocess.run(
            [sys.executable, "-c", says, where],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for where in ("cpu", "gpu")
    ]
    n_docs = len(list(read_spacy(folder / "train.spacy", spacy.blank("en").vocab)))
    assert said[0] == said[1]
    assert len(said[0].splitlines()) == n_docs


def test_a_session_learns(folder, tmp_path):
    """In a process of its own; the one that asks has the weights on the CPU."""
    model = str(folder / "model")
    build = partial(build_learner, model, None, (), gpu_id=DEVICE)
    answer = Answer("one", 0, 1, ("PER", "LOC"), "LOC", unit="token", seed=0, round=0)
    said = Answered(("Anna", "lives"), (True, False), (answer,))
    with closing(BackgroundLearner(build)) as background:
        background.learn([("key", said)])
        background.save(tmp_path / "taught")
        weights = background.take_weights()
        assert (background.n_learnt, background.failure) == (1, None)
    nlp = spacy.load(model)
    pipes_from_bytes(nlp, weights)
    taught = spacy.load(tmp_path / "taught")
    told, saved = (each.get_pipe("causal_ner").to_bytes() for each in (nlp, taught))
    assert told == saved
