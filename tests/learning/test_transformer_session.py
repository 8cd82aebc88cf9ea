"""A session behind a shared transformer: a tiny one that the test builds."""

from dataclasses import replace

import pytest
import spacy
from spacy.training import Example
from toy_sessions import FREQUENT, answers_to, gold_docs

from spacy_causal.learning.journal import Journal
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.settings import LearnerSettings

pytest.importorskip("transformers")
pytest.importorskip("spacy_transformers")

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.cuda.amp.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SETTINGS = LearnerSettings(learn_rate=0.005, updates=4)


def weights_of(nlp):
    """Without the transformer's config, which holds the name of a temporary folder."""
    return {
        name: [
            value.numpy().tobytes()
            for node in pipe.model.walk()
            for shim in node.shims
            for value in shim._model.state_dict().values()
        ]
        for name, pipe in nlp.pipeline
    }


@pytest.fixture
def shared(bert_encoder, bert_listener):
    spacy.util.fix_random_seed(0)
    intervening = {
        "@architectures": "spacy-causal.InterveningEncoder.v1",
        "rate": 0.5,
        "encoder": bert_encoder,
    }
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config={"model": intervening})
    config = {"model": {"tok2vec": bert_listener}, "confounders": FREQUENT}
    nlp.add_pipe("causal_ner", config=config)
    nlp.batch_size = 2
    gold = gold_docs(nlp)
    examples = [Example(doc.copy(), doc) for doc in gold]
    nlp.update(examples, sgd=nlp.initialize(lambda: examples))
    return nlp


@pytest.mark.parametrize("freeze", [(), ("transformer",)])
def test_learns_and_undoes_behind_a_transformer(shared, freeze):
    docs = gold_docs(shared)
    settings = replace(SETTINGS, freeze=freeze)
    learner = Learner(shared, "causal_ner", initial=docs[:2], settings=settings)

    def update():
        for doc in docs[2:]:
            learner.answer(doc, answers_to(doc))
        return learner.update()

    base = weights_of(shared)
    first = update()
    once = weights_of(shared)
    moved = {name for name in base if base[name] != once[name]}
    assert moved == {"transformer", "causal_ner"} - set(freeze)
    for _ in range(7):
        last = update()
    assert last.loss < first.loss / 2
    learner.undo(7)
    assert weights_of(shared) == once
    learner.undo()
    assert weights_of(shared) == base


def test_is_taken_up_again_behind_a_transformer(shared, tmp_path):
    start = shared.to_bytes()
    docs = gold_docs(shared)

    def make(**kwargs):
        journal = Journal(tmp_path / "journal.jsonl")
        return Learner(shared, "causal_ner", settings=SETTINGS, dev=docs,
                       journal=journal, **kwargs)  # fmt: skip

    learner = make()
    for doc in docs:
        learner.answer(doc, answers_to(doc))
    learner.update()
    learner.save(tmp_path / "checkpoint")
    learner.answer(docs[0], answers_to(docs[0]))
    learner.update()
    expected = weights_of(shared)
    for kwargs in ({"checkpoint": tmp_path / "checkpoint"}, {}):
        shared.from_bytes(start)
        make(**kwargs)
        assert weights_of(shared) == expected
