"""What every trainable component of the package has to do."""

import pickle

import numpy as np
import pytest
import spacy
import srsly
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

HEADS = {
    "linear": {"@architectures": "spacy-causal.LinearTagger.v1"},
    "approximate": {
        "@architectures": "spacy-causal.DeconfoundedTagger.v1",
        "adjustment": "approximate",
    },
    "exact": {
        "@architectures": "spacy-causal.DeconfoundedTagger.v1",
        "adjustment": "exact",
    },
    "mixing": {"@architectures": "spacy-causal.HiddenMix.v1"},
}
PIPES = {
    "ner-io": ("causal_ner", {"scheme": "io"}),
    "ner-bio": ("causal_ner", {"scheme": "bio"}),
    "ner-biluo": ("causal_ner", {"scheme": "biluo"}),
    "tag": ("causal_tagger", {}),
    "pos": ("causal_tagger", {"attribute": "pos"}),
}
CASES = [(pipe, head) for pipe in PIPES for head in HEADS]
CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 32,
    "depth": 2,
    "embed_size": 500,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}


def said(doc: Doc) -> list[tuple]:
    return [(t.ent_iob_, t.ent_type_, t.tag_, t.pos_) for t in doc]


def build(nlp: Language, pipe: str, head: str = "approximate") -> Language:
    factory, config = PIPES[pipe]
    model = HEADS[head] | {"tok2vec": CNN}
    if head == "mixing":
        model = HEADS[head] | {"labeller": HEADS["linear"] | {"tok2vec": CNN}}
    nlp.add_pipe(factory, name="labeller", config=config | {"model": model})
    return nlp


def train(nlp: Language, examples: list[Example], steps: int = 60) -> Language:
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(steps):
        losses = nlp.update(examples, sgd=optimizer)
    assert losses["labeller"] < 0.5
    return nlp


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


@pytest.mark.parametrize("pipe", PIPES)
@pytest.mark.parametrize("head", HEADS)
def test_a_label_added_after_training_changes_nothing_until_it_is_learnt(
    nlp, examples, pipe, head, tmp_path
):
    train(build(nlp, pipe, head), examples)
    labeller = nlp.get_pipe("labeller")
    texts = [eg.reference.text for eg in examples]
    before = [said(nlp(t)) for t in texts]
    old = labeller.predict([nlp.make_doc(t) for t in texts]).logits
    label = "X" if pipe == "pos" else "NEW"
    assert (labeller.add_label(label), labeller.add_label(label)) == (1, 0)
    new = labeller.predict([nlp.make_doc(t) for t in texts]).logits
    new = new[:, : old.shape[1]]
    if head == "exact":
        # It gives log-probabilities, normalised over one label more at each confounder.
        np.testing.assert_allclose(np.exp(new), np.exp(old), atol=0.05)
    else:
        np.testing.assert_allclose(new, old, atol=1e-4)
    assert [said(nlp(t)) for t in texts] == before
    nlp.to_disk(tmp_path)
    assert [said(spacy.load(tmp_path)(t)) for t in texts] == before
    reference = nlp.make_doc("Anna Smith ran")
    reference.set_ents([spacy.tokens.Span(reference, 0, 2, label="NEW")])
    for token in reference:
        token.tag_, token.pos_ = "NEW", "X"
    optimizer = nlp.resume_training()
    for _ in range(60):
        nlp.update([Example(nlp.make_doc(reference.text), reference)], sgd=optimizer)
    doc = nlp("Anna Smith ran")
    assert label in {doc[0].ent_type_, doc[0].tag_, doc[0].pos_}


@pytest.mark.parametrize("head", HEADS)
def test_a_label_added_after_loading(nlp, examples, head, tmp_path):
    train(build(nlp, "ner-bio", head), examples).to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    labeller = loaded.get_pipe("labeller")
    labeller.add_label("NEW")
    doc = loaded.make_doc("Anna Smith ran")
    assert labeller.predict([doc]).logits.shape == (3, len(labeller.tag_set))
    batch = [Example(loaded.make_doc(e.text), e.y) for e in examples]
    loaded.update(batch, sgd=loaded.resume_training())
    loaded.to_disk(tmp_path)
    again = spacy.load(tmp_path).get_pipe("labeller").predict([doc]).logits
    np.testing.assert_array_equal(again, labeller.predict([doc]).logits)


def test_a_tagger_of_parts_of_speech_scores_them(nlp, examples):
    nlp.add_pipe("causal_tagger", config={"attribute": "pos"})
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    assert nlp.evaluate(examples)["pos_acc"] == 1.0
    with pytest.raises(ValueError, match="'FOO' is not a universal part of speech"):
        nlp.get_pipe("causal_tagger").add_label("FOO")


def test_old_weights_load_into_a_component_that_has_more_labels(trained):
    labeller = trained.get_pipe("labeller")
    saved, labels = labeller.to_bytes(), labeller.labels
    labeller.add_label("NEW")
    labeller.from_bytes(saved)
    assert labeller.labels == labels
    trained("Anna Smith works .")


@pytest.mark.parametrize("without", ["in the bytes", "when they are read"])
def test_labels_that_come_without_a_model(trained, examples, without):
    labeller = trained.get_pipe("labeller")
    exclude = ["model"] if without == "in the bytes" else []
    saved = labeller.to_bytes(exclude=exclude)
    labeller.add_label("NEW")
    labeller.from_bytes(saved, exclude=["model"])
    labeller.add_label("OTHER")
    doc = examples[0].reference.copy()
    doc.ents = [Span(doc, 0, 1, label="OTHER")]
    trained.update([Example(trained.make_doc(doc.text), doc)])
    assert labeller.model.get_dim("nO") >= len(labeller.tag_set)


def test_a_load_that_fails_leaves_the_width(trained):
    labeller = trained.get_pipe("labeller")
    saved = srsly.msgpack_loads(labeller.to_bytes())
    with pytest.raises(ValueError):
        labeller.from_bytes(srsly.msgpack_dumps({**saved, "model": b"\xc1"}))
    assert labeller.model.get_dim("nO") == len(labeller.tag_set)


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


def test_a_label_that_the_component_lacks(trained, examples):
    doc = examples[0].reference.copy()
    doc.ents = [spacy.tokens.Span(doc, 0, 1, label="ANIMAL")]
    with pytest.raises(
        ValueError, match=r"label 'ANIMAL' is not one.*Anna Smith works"
    ):
        trained.update([Example(trained.make_doc(doc.text), doc)])


def test_initialize_with_labels_known_beforehand(nlp, examples):
    build(nlp, "ner-bio")
    nlp.config["initialize"]["components"]["labeller"] = {
        "labels": ["ORG", "PER", "LOC"]
    }
    nlp.initialize(lambda: examples)
    assert nlp.get_pipe("labeller").labels == ("ORG", "PER", "LOC")
    assert nlp.get_pipe("labeller").label_data == ["ORG", "PER", "LOC"]


def test_a_cold_start_without_any_gold(nlp):
    build(nlp, "ner-bio")
    for label in ("A", "B"):
        nlp.get_pipe("labeller").add_label(label)
    nlp.initialize()
    assert nlp.get_pipe("labeller").predict([nlp.make_doc("a b")]).logits.shape == (
        2,
        5,
    )


@pytest.mark.parametrize("label", ["", " ", 3, None, "none of these"])
def test_what_is_no_label(nlp, label):
    with pytest.raises(ValueError, match=r"A label is a word|cannot be one"):
        build(nlp, "ner-bio").get_pipe("labeller").add_label(label)


def test_outside_is_no_type_of_entity(nlp):
    with pytest.raises(ValueError, match="outside of entities"):
        build(nlp, "ner-bio").get_pipe("labeller").add_label("O")


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
