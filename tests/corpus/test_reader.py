"""The corpus reader keeps token targets, and says when they were lost."""

import warnings

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.training.augment import create_lower_casing_augmenter
from spacy.util import registry

from spacy_causal.corpus.reader import create_corpus
from spacy_causal.targets.token_targets import TokenTargets, get_targets, set_targets

NLP = spacy.blank("en")
ROWS = np.array([[0.5, 0.5], [1, 0], [0, 0], [0, 1], [1, 0]], dtype="f")


def write(path, doc, *, store_user_data=True):
    DocBin(store_user_data=store_user_data, docs=[doc]).to_disk(path)
    return path


@pytest.fixture
def doc():
    words = ["Ada", "ran", ".", "Bob", "sat"]
    doc = Doc(NLP.vocab, words=words, sent_starts=[True, False, False, True, False])
    set_targets(doc, "ner", TokenTargets("io", ("O", "I-PER"), ROWS))
    return doc


@pytest.mark.parametrize(
    ("options", "slices"),
    [
        ({}, [(0, 5)]),
        ({"max_length": 4}, [(0, 3), (3, 5)]),
        ({"gold_preproc": True}, [(0, 3), (3, 5)]),
    ],
)
def test_targets_are_cut_with_their_docs(tmp_path, doc, options, slices):
    path = write(tmp_path / "a.spacy", doc)
    examples = list(create_corpus(path, **options)(NLP))
    rows = [get_targets(example.reference, "ner").rows for example in examples]
    assert len(rows) == len(slices)
    for got, (start, end) in zip(rows, slices, strict=True):
        np.testing.assert_array_equal(got, ROWS[start:end])


def test_targets_outlive_an_augmenter_that_drops_them(tmp_path, doc):
    path = write(tmp_path / "a.spacy", doc)
    augmenter = create_lower_casing_augmenter(1.0)
    (example,) = create_corpus(path, augmenter=augmenter)(NLP)
    assert example.reference.text == doc.text.lower()
    np.testing.assert_array_equal(get_targets(example.reference, "ner").rows, ROWS)


def test_targets_that_an_augmenter_loses_are_noticed(tmp_path, doc):
    def halve(nlp, example):
        for reference in (
            example.reference[:2].as_doc(),
            example.reference[2:].as_doc(),
        ):
            yield Example(nlp.make_doc(reference.text), reference)

    path = write(tmp_path / "a.spacy", doc)
    with pytest.warns(UserWarning, match="gave a text other tokens") as warned:
        examples = list(create_corpus(path, augmenter=halve)(NLP))
    assert len(examples) == 2 and len(warned) == 1
    assert all(get_targets(eg.reference, "ner") is None for eg in examples)


def test_what_is_too_long_is_left_out_with_a_warning(tmp_path, doc):
    path = write(tmp_path / "a.spacy", doc)
    with pytest.warns(UserWarning, match="a text of 3 tokens is left out"):
        (example,) = create_corpus(path, max_length=3)(NLP)
    assert example.reference.text.strip() == "Bob sat"


def test_lost_targets_are_noticed(tmp_path, doc):
    path = write(tmp_path / "a.spacy", doc, store_user_data=False)
    with pytest.warns(UserWarning, match="store_user_data=True"):
        list(create_corpus(path)(NLP))


def test_annotated_docs_raise_no_warning(tmp_path):
    annotated = Doc(NLP.vocab, words=["Ada", "ran"])
    annotated.set_ents([], default="outside")
    path = write(tmp_path / "a.spacy", annotated)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (example,) = create_corpus(tmp_path)(NLP)
    assert example.reference.has_annotation("ENT_IOB") and path.exists()


def test_it_is_what_spacy_finds(tmp_path, doc):
    write(tmp_path / "a.spacy", doc)
    create = registry.readers.get("spacy-causal.Corpus.v1")
    assert len(list(create(tmp_path, limit=1)(NLP))) == 1
    with pytest.raises(ValueError, match="no path"):
        create(None)


def test_limit_counts_the_docs_of_all_files(tmp_path, doc):
    for name in "abc":
        DocBin(docs=[doc, NLP.make_doc(""), doc], store_user_data=True).to_disk(
            tmp_path / f"{name}.spacy"
        )
    for limit, count in [(-1, 6), (0, 6), (1, 1), (2, 2), (3, 3), (9, 6)]:
        assert len(list(create_corpus(tmp_path, limit=limit)(NLP))) == count


def test_a_file_that_is_none_is_named(tmp_path, doc):
    write(tmp_path / "a.spacy", doc)
    (tmp_path / "b.spacy").write_text("what?")
    with pytest.raises(ValueError, match=r"b\.spacy: not a \.spacy file"):
        list(create_corpus(tmp_path)(NLP))


def test_a_text_without_sentences_is_never_cut(tmp_path):
    long = Doc(NLP.vocab, words=["Ada", "ran"])
    long.set_ents([], default="outside")
    path = write(tmp_path / "a.spacy", long)
    (example,) = create_corpus(path, gold_preproc=True)(NLP)
    assert [token.text for token in example.predicted] == ["Ada", "ran"]
    with pytest.warns(UserWarning, match="no sentence boundary cuts it") as caught:
        assert not list(create_corpus(path, max_length=2)(NLP))
    assert len(caught) == 1
