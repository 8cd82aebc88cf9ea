"""What every component of the package has to do with its labels."""

import numpy as np
import pytest
import spacy
import srsly
from labellers import HEADS, PIPES, build, said, train
from spacy.language import Language
from spacy.tokens import Span
from spacy.training import Example


@pytest.fixture
def trained(nlp, examples) -> Language:
    return train(build(nlp, "ner-bio"), examples)


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


def test_a_word_is_no_list_of_labels(nlp, examples):
    build(nlp, "ner-bio")
    with pytest.raises(ValueError, match="list of words, not 'PER'"):
        nlp.get_pipe("labeller").initialize(lambda: examples, labels="PER")
    assert nlp.get_pipe("labeller").labels == ()


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
