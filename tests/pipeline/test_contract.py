"""What every trainable component of the package has to do."""

import pickle

import numpy as np
import pytest
import spacy
import srsly
from labellers import CASES, HEADS, PIPES, build, said, train
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example


@pytest.fixture
def trained(nlp, examples) -> Language:
    return train(build(nlp, "ner-bio"), examples)


@pytest.mark.parametrize(("pipe", "head"), CASES)
def test_overfits_and_comes_back_from_disk_and_bytes(
    nlp, examples, pipe, head, tmp_path
):
    train(build(nlp, pipe, head), examples)
    texts = [eg.reference.text for eg in examples]
    scores = nlp.evaluate(examples)
    key = {"ner": "ents_f", "tag": "tag_acc", "pos": "pos_acc"}[pipe.split("-")[0]]
    assert scores[key] == 1.0
    weights = nlp.get_pipe_meta("labeller").default_score_weights
    assert sum(weight * scores[name] for name, weight in weights.items() if weight) == 1
    nlp.to_disk(tmp_path)
    on_disk = spacy.load(tmp_path)
    from_bytes = spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    expected = nlp.get_pipe("labeller").predict([nlp.make_doc(t) for t in texts])
    for other in (on_disk, from_bytes):
        docs = [other.make_doc(t) for t in texts]
        scores = other.get_pipe("labeller").predict(docs)
        np.testing.assert_array_equal(scores.logits, expected.logits)
        assert [said(other(t)) for t in texts] == [said(nlp(t)) for t in texts]
        assert other.get_pipe("labeller").labels == nlp.get_pipe("labeller").labels
        for got, saved in zip(
            other.get_pipe("labeller").confounders,
            nlp.get_pipe("labeller").confounders,
            strict=True,
        ):
            assert got.word == saved.word
            assert got[1:] == pytest.approx(saved[1:])


@pytest.mark.parametrize("pipe", PIPES)
def test_works_with_no_settings_at_all(nlp, examples, pipe):
    nlp.add_pipe(PIPES[pipe][0])
    nlp.update(examples, sgd=nlp.initialize(lambda: examples))
    nlp("Anna Smith spoke .")


@pytest.mark.parametrize("pipe", PIPES)
def test_a_stream_is_its_documents_one_by_one(nlp, examples, pipe):
    train(build(nlp, pipe), examples)
    texts = [eg.reference.text for eg in examples] + ["", " ", "\n\n", "Paris"]
    assert [said(d) for d in nlp.pipe(texts)] == [said(nlp(t)) for t in texts]


def test_two_processes(trained, examples):
    texts = [eg.reference.text for eg in examples] * 3
    docs = list(trained.pipe(texts, n_process=2, batch_size=2))
    assert [said(d) for d in docs] == [said(trained(t)) for t in texts]


@pytest.mark.parametrize("pipe", PIPES)
def test_its_scores_can_be_asked_about(nlp, examples, pipe):
    train(build(nlp, pipe), examples)
    texts = [eg.reference.text for eg in examples] + ["", " "]
    before = [said(nlp(t)) for t in texts]
    nlp.add_pipe("candidate_scorer")
    docs = list(nlp.pipe(texts))
    assert [said(d) for d in docs] == before
    shown = {label for doc in docs for asked in doc._.candidates for label in asked[2]}
    assert shown == set(nlp.get_pipe("labeller").labels)


def test_a_failing_batch_goes_to_the_error_handler(trained, monkeypatch):
    labeller, failed = trained.get_pipe("labeller"), []

    def fail(docs, scores):
        raise ValueError("no annotation today")

    monkeypatch.setattr(labeller, "set_annotations", fail)
    with pytest.raises(ValueError, match="no annotation today"):
        trained("Anna spoke")
    labeller.set_error_handler(lambda name, pipe, docs, error: failed.extend(docs))
    assert list(labeller.pipe([trained.make_doc("a"), trained.make_doc("b")])) == []
    assert [doc.text for doc in failed] == ["a", "b"]


@pytest.mark.parametrize("pipe", PIPES)
@pytest.mark.parametrize("head", HEADS)
def test_empty_documents_and_empty_batches(nlp, examples, pipe, head):
    train(build(nlp, pipe, head), examples, steps=60)
    empty = Example(nlp.make_doc(""), nlp.make_doc(""))
    labeller = nlp.get_pipe("labeller")
    assert labeller.update([empty]) == {"labeller": 0.0}
    assert labeller.update([]) == {"labeller": 0.0}
    assert labeller.update([empty, examples[0], empty])["labeller"] >= 0
    assert labeller.predict([]).logits.shape[0] == 0
    assert [len(doc) for doc in nlp.pipe(["", "a b", ""])] == [0, 2, 0]


@pytest.mark.parametrize("pipe", PIPES)
def test_missing_annotation_teaches_nothing(nlp, examples, pipe):
    train(build(nlp, pipe), examples)
    labeller = nlp.get_pipe("labeller")
    doc = examples[0].predicted
    scores = labeller.predict([doc])
    loss, d_logits = labeller.get_loss([Example(doc, doc.copy())], scores)
    assert loss == 0
    assert not d_logits.any()


def test_a_partly_missing_document(nlp, examples):
    nlp = train(build(nlp, "ner-bio"), examples)
    labeller = nlp.get_pipe("labeller")
    doc = examples[0].predicted
    tags = ["B-PER", "I-PER", "-", "-", "-", "-", "-", "O", "-"]
    example = Example.from_dict(doc, {"entities": ["B-PER", "L-PER", *tags[2:]]})
    _, d_logits = labeller.get_loss([example], labeller.predict([doc]))
    assert [bool(row.any()) for row in d_logits] == [tag != "-" for tag in tags]


def test_a_tagger_of_parts_of_speech_scores_them(nlp, examples):
    nlp.add_pipe("causal_tagger", config={"attribute": "pos"})
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    assert nlp.evaluate(examples)["pos_acc"] == 1.0
    with pytest.raises(ValueError, match="'FOO' is not a universal part of speech"):
        nlp.get_pipe("causal_tagger").add_label("FOO")


def test_same_seed_same_bytes(examples):
    saved = []
    for _ in range(2):
        nlp = build(spacy.blank("en"), "ner-bio")
        spacy.util.fix_random_seed(3)
        train(nlp, examples)
        saved.append(nlp.get_pipe("labeller").model.to_bytes())
    assert saved[0] == saved[1]


def test_bytes_hold_weights_only(trained, monkeypatch):
    class Malicious:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    labeller = trained.get_pipe("labeller")
    (shim,) = labeller.model.get_ref("output_layer").shims
    bad = srsly.msgpack_dumps({"config": {}, "state": _torch_file(Malicious())})
    with monkeypatch.context() as patch:
        patch.setattr(shim, "to_bytes", lambda: bad)
        saved = labeller.to_bytes()
    with pytest.raises(pickle.UnpicklingError):
        labeller.from_bytes(saved)


def _torch_file(value: object) -> bytes:
    from io import BytesIO

    import torch

    file = BytesIO()
    torch.save({"output.weight": value}, file)
    return file.getvalue()


def test_ten_thousand_tokens(trained):
    doc = Doc(trained.vocab, words=["Anna", "Smith", "spoke", "."] * 2500)
    assert len(trained(doc)) == 10_000


@pytest.mark.parametrize("attribute", ["tag", "pos"])
def test_any_scorer_of_tags_goes(nlp, examples, attribute):
    other = {"tag": "pos", "pos": "tag"}[attribute]
    own = {"@scorers": "spacy-causal.token_tag_scorer.v1"}
    expected = [
        (own, f"{attribute}_micro_f"),
        ({**own, "attr": other}, f"{other}_micro_f"),
        ({"@scorers": "spacy.tagger_scorer.v1"}, "tag_acc"),
    ]
    for scorer, name in expected:
        config = {"attribute": attribute, "scorer": scorer}
        nlp.add_pipe("causal_tagger", config=config)
        nlp.initialize(lambda: examples)
        assert name in nlp.evaluate(examples)
        nlp.remove_pipe("causal_tagger")
