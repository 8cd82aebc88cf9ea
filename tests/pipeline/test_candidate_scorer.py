"""What `candidate_scorer` asks about, where it reads it, and that it comes back."""

import gc
import pickle

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_causal.display.noise import noise_key
from spacy_causal.display.record import KEY
from spacy_causal.display.settings import Display
from spacy_causal.types import NONE_OF_THESE

CONFOUNDERS = {"@misc": "spacy-causal.frequent_confounders.v1"}
NO_CONFOUNDERS = CONFOUNDERS | {"size": 0}
SETTINGS = {
    "mentions": ("causal_ner", {}),
    "modulated": ("causal_ner", {"modulation": "rescaled"}),
    "tokens": ("causal_ner", {"unit": "token", "modulation": "printed", "k": 2}),
    "tagger": ("causal_tagger", {"modulation": "positive", "propensities": True}),
}
TEXTS = [
    "Anna Smith works for Acme Services in Paris .",
    "",
    "The Paris office of Acme Services closed .",
    " ",
    "Berlin met Brown",
    "\n\n",
    "Mr. Brown met Anna Smith near Berlin .",
]


@pytest.fixture
def trained(nlp, examples):
    def build(labeller: str = "causal_ner", **settings) -> Language:
        nlp.add_pipe(labeller, config={"confounders": CONFOUNDERS})
        nlp.add_pipe("candidate_scorer", config={"near_miss": 0.02, **settings})
        sgd = nlp.initialize(lambda: examples)
        for _ in range(8):
            nlp.update(examples, sgd=sgd)
        return nlp

    return build


@pytest.fixture
def passes(monkeypatch):
    """The number of documents of each forward pass of a labeller."""

    def watch(labeller) -> list[int]:
        seen, forward = [], labeller.model._func

        def counted(model, docs, is_train):
            seen.append(len(docs))
            return forward(model, docs, is_train)

        monkeypatch.setattr(labeller.model, "_func", counted)
        return seen

    return watch


def asked(doc: Doc) -> list[tuple]:
    return [(c.start, c.end, c.labels) for c in doc._.candidates]


def assert_the_same(docs, others) -> None:
    docs, others = list(docs), list(others)
    assert [asked(d) for d in docs] == [asked(d) for d in others]
    for doc, other in zip(docs, others, strict=True):
        for one, two in zip(doc._.candidates, other._.candidates, strict=True):
            for name in ("scores", "display"):
                got, expected = getattr(one, name), getattr(two, name)
                np.testing.assert_allclose(got, expected, atol=1e-4)


@pytest.mark.parametrize("case", SETTINGS)
def test_a_stream_is_its_documents_one_by_one(trained, case):
    nlp = trained(SETTINGS[case][0], **SETTINGS[case][1])
    one_by_one = [nlp(text) for text in TEXTS]
    assert any(asked(doc) for doc in one_by_one)
    assert_the_same(nlp.pipe(TEXTS), one_by_one)
    assert_the_same(nlp.pipe(TEXTS, batch_size=2), one_by_one)
    backwards = list(nlp.pipe(TEXTS[::-1]))[::-1]
    assert_the_same(backwards, one_by_one)


def test_two_processes(trained):
    nlp = trained(propensities=True, k=2)
    texts = TEXTS * 2
    assert_the_same(nlp.pipe(texts, n_process=2, batch_size=3), map(nlp, texts))


@pytest.mark.parametrize("case", SETTINGS)
def test_same_seed_same_bytes(trained, case):
    nlp = trained(SETTINGS[case][0], **SETTINGS[case][1])
    first, second = ([d.to_bytes() for d in nlp.pipe(TEXTS)] for _ in range(2))
    assert first == second


def test_another_round_and_another_seed_ask_something_else(trained):
    nlp = trained(k=2, modulation="fixed", size=3.0)
    scorer = nlp.get_pipe("candidate_scorer")

    def all_asked():
        return [asked(doc) for doc in nlp.pipe(TEXTS)]

    first = all_asked()
    scorer.round = 1
    second = all_asked()
    scorer.round, scorer.seed = 0, 5
    third = all_asked()
    assert first != second
    assert first != third
    assert second != third
    scorer.seed = 0
    assert all_asked() == first


def test_mentions_are_what_the_labeller_predicts_and_near_misses(trained):
    nlp = trained(near_miss=2.0)
    for doc in nlp.pipe(TEXTS):
        spans = [(c.start, c.end) for c in doc._.candidates]
        assert spans == [(ent.start, ent.end) for ent in doc.ents]


def test_without_noise_the_model_s_best_come_first(trained):
    nlp = trained(modulation="none", propensities=True)
    doc = nlp(TEXTS[0])
    by_span = {(c.start, c.end): c for c in doc._.candidates}
    for ent in doc.ents:
        assert by_span[ent.start, ent.end].labels[0] == ent.label_
    for shown in doc._.candidates:
        np.testing.assert_array_equal(shown.scores, shown.display)
        assert (np.diff(shown.scores) <= 0).all()
        assert shown.propensities.tolist() == [1, 1, 1]


def test_tokens_of_a_labeller_of_spans_may_be_outside(trained):
    nlp = trained(unit="token", k=9, modulation="none")
    doc = nlp(TEXTS[0])
    assert [c.start for c in doc._.candidates] == list(range(len(doc)))
    for shown in doc._.candidates:
        assert set(shown.labels) == {"O", "LOC", "ORG", "PER"}
        assert shown.scores.sum() == pytest.approx(1, abs=1e-5)


def test_fewer_labels_than_k_and_none_of_these(trained):
    nlp = trained(k=7)
    for shown in nlp(TEXTS[0])._.candidates:
        assert len(shown.labels) == len(shown.scores) == 3
        assert shown.options == (*shown.labels, NONE_OF_THESE)
        assert shown.propensities is None


def test_a_labeller_without_labels_has_nothing_to_ask(nlp):
    nlp.add_pipe("causal_ner")
    nlp.add_pipe("candidate_scorer")
    with pytest.warns(UserWarning, match="found no labels"):
        nlp.initialize()
    assert nlp("Anna spoke")._.candidates == []


@pytest.mark.parametrize("case", SETTINGS)
def test_candidates_survive_bytes_and_doc_bins(trained, case):
    nlp = trained(SETTINGS[case][0], **SETTINGS[case][1])
    docs = list(nlp.pipe(TEXTS))
    from_bytes = [Doc(nlp.vocab).from_bytes(doc.to_bytes()) for doc in docs]
    packed = DocBin(docs=docs, store_user_data=True).to_bytes()
    from_bin = list(DocBin().from_bytes(packed).get_docs(nlp.vocab))
    for others in (from_bytes, from_bin, [doc.copy() for doc in docs]):
        assert_the_same(docs, others)
        for doc, other in zip(docs, others, strict=True):
            for one, two in zip(doc._.candidates, other._.candidates, strict=True):
                np.testing.assert_array_equal(one.propensities, two.propensities)


def test_what_a_doc_carries_is_small_and_plain(trained):
    doc = trained()(TEXTS[0])
    record = doc.user_data[KEY]
    kinds = {type(value) for value in record.values()}
    assert kinds <= {list, int, float, str, np.ndarray}
    assert len(doc.user_data) == 1
    rows = {len(v) for v in record.values() if isinstance(v, np.ndarray)}
    assert rows == {len(doc._.candidates)}


def test_a_doc_that_was_cut_says_so(trained):
    doc = trained()(TEXTS[0])
    cut = doc[2:5].as_doc(copy_user_data=True)
    with pytest.raises(ValueError, match="A Doc of 3 tokens carries candidates for 9"):
        cut._.candidates  # noqa: B018


def test_a_doc_without_candidates(nlp, trained):
    assert trained().make_doc("Anna")._.candidates == []


# Where the scores come from


def test_there_is_no_second_forward_pass(trained, passes):
    nlp = trained()
    seen = passes(nlp.get_pipe("causal_ner"))
    nlp(TEXTS[0])
    assert seen == [1]
    list(nlp.pipe(TEXTS, batch_size=3))
    assert seen == [1, 3, 3, 1]


def test_batches_of_another_size_are_put_together(trained, passes):
    nlp = trained(modulation="rescaled")
    one_by_one = [nlp(text) for text in TEXTS]
    seen = passes(nlp.get_pipe("causal_ner"))
    sizes = {"candidate_scorer": {"batch_size": 5}}
    assert_the_same(nlp.pipe(TEXTS, batch_size=2, component_cfg=sizes), one_by_one)
    assert seen == [2, 2, 2, 1]


def test_a_doc_from_elsewhere_is_scored_on_the_spot(trained, passes):
    nlp = trained()
    expected = nlp(TEXTS[0])
    seen = passes(nlp.get_pipe("causal_ner"))
    with nlp.select_pipes(enable=["candidate_scorer"]):
        doc = nlp(TEXTS[0])
    assert seen == [1]
    assert not doc.ents
    assert_the_same([doc], [expected])


def test_a_doc_whose_tokens_were_merged_is_scored_anew(trained):
    nlp = trained(unit="token")
    nlp.add_pipe("merge_entities", before="candidate_scorer")
    nlp("Anna Smith")
    for doc in nlp.pipe(TEXTS):
        assert len(doc._.candidates) == len(doc)


def test_nothing_is_kept_once_it_was_read_or_when_nobody_reads(trained):
    nlp = trained()
    kept = nlp.get_pipe("causal_ner")._kept

    def count():
        return sum(len(docs) for docs in kept._readers.values())

    docs = [*nlp.pipe(TEXTS), nlp(TEXTS[0])]
    assert count() == 0
    with nlp.select_pipes(disable=["candidate_scorer"]):
        docs += [*nlp.pipe(TEXTS), nlp(TEXTS[0])]
        assert count() == 0
    nlp.get_pipe("causal_ner")(doc := nlp.make_doc(TEXTS[0]))
    assert count() == 1
    del doc
    gc.collect()
    assert count() == 0
    nlp.remove_pipe("candidate_scorer")
    gc.collect()
    docs += nlp.pipe(TEXTS)
    assert count() == 0
    assert not list(kept._readers)


def test_training_works_with_it_in_the_pipeline(trained, examples):
    nlp = trained()
    nlp.update(examples, sgd=nlp.resume_training(), annotates=["causal_ner"])
    assert nlp.evaluate(examples)["ents_f"] > 0


def test_of_two_labellers_the_last_before_it_or_the_one_that_is_named(nlp, examples):
    nlp.add_pipe("causal_ner")
    nlp.add_pipe("causal_tagger")
    nlp.add_pipe("candidate_scorer", name="tags")
    nlp.add_pipe("candidate_scorer", name="ents", config={"source": "causal_ner"})
    nlp.add_pipe("causal_ner", name="later")
    nlp.initialize(lambda: examples)
    assert nlp.get_pipe("tags").labeller is nlp.get_pipe("causal_tagger")
    assert nlp.get_pipe("ents").labeller is nlp.get_pipe("causal_ner")
    list(nlp.pipe(TEXTS))


def test_a_source_that_is_not_there(nlp, examples):
    nlp.add_pipe("candidate_scorer")
    with pytest.raises(ValueError, match=r"a component before it.*candidate_scorer"):
        nlp("Anna")
    nlp.add_pipe("causal_ner", first=True)
    nlp.initialize(lambda: examples)
    nlp("Anna")
    nlp.add_pipe("candidate_scorer", name="other", config={"source": "causal_ner"})
    nlp.rename_pipe("causal_ner", "labeller")
    with pytest.raises(ValueError, match=r"'causal_ner'.*labeller, candidate_scorer"):
        nlp("Anna")
    nlp.remove_pipe("other")
    nlp("Anna")


def test_mentions_of_a_tagger_are_refused_at_once(nlp):
    nlp.add_pipe("causal_tagger")
    with pytest.raises(ValueError, match='use the unit "token"'):
        nlp.add_pipe("candidate_scorer", config={"unit": "mention"})


def test_attention_that_is_not_there(nlp, examples):
    nlp.add_pipe("causal_ner", config={"confounders": NO_CONFOUNDERS})
    nlp.add_pipe("candidate_scorer", config={"modulation": "printed"})
    nlp.initialize(lambda: examples)
    assert nlp("")._.candidates == []
    with pytest.raises(ValueError, match='"printed" needs a head that attends'):
        nlp("Anna spoke")


@pytest.mark.parametrize(
    "bad", [{"k": 0}, {"samples": 0}, {"size": -1}, {"near_miss": 0}]
)
def test_settings_that_make_no_sense(bad):
    with pytest.raises(ValueError, match=f"{next(iter(bad))} is"):
        Display(**bad)


def test_a_shared_encoder_has_to_have_read_the_doc(nlp, examples):
    nlp.add_pipe("tok2vec")
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96}
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": listener}})
    nlp.add_pipe("candidate_scorer")
    nlp.initialize(lambda: examples)
    expected = nlp(TEXTS[0])
    with nlp.select_pipes(disable=["causal_ner"]):
        assert_the_same([nlp(TEXTS[0])], [expected])
    with pytest.raises(ValueError, match=r"has not read this Doc.*'Anna Smith"):
        nlp.get_pipe("candidate_scorer")(nlp.make_doc(TEXTS[0]))
    nlp.get_pipe("candidate_scorer")(nlp.make_doc(""))


# How it is saved


def test_it_comes_back_from_disk_and_bytes(trained, tmp_path):
    nlp = trained(k=2, size=2.0, seed=7)
    nlp.get_pipe("candidate_scorer").round = 3
    nlp.to_disk(tmp_path)
    from_bytes = spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    for other in (spacy.load(tmp_path), from_bytes):
        scorer = other.get_pipe("candidate_scorer")
        assert (scorer.seed, scorer.round) == (7, 3)
        assert scorer.display == nlp.get_pipe("candidate_scorer").display
        assert_the_same(other.pipe(TEXTS), nlp.pipe(TEXTS))
    assert_the_same(nlp.from_disk(tmp_path).pipe(TEXTS), from_bytes.pipe(TEXTS))


def test_it_goes_on_in_a_pipeline_that_it_was_sourced_into(trained):
    source = trained()
    expected = [asked(source(text)) for text in TEXTS]
    nlp = spacy.blank("en")
    for name in source.pipe_names:
        nlp.add_pipe(name, source=source)
    assert [asked(nlp(text)) for text in TEXTS] == expected


@pytest.mark.parametrize("alive", [True, False])
def test_it_does_not_speak_for_another_labeller(trained, examples, alive):
    """Sourced by itself it would show what the first pipeline's labeller says."""
    nlps = {"source": trained()}
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_ner", config={"confounders": CONFOUNDERS})
    nlp.initialize(lambda: examples)
    nlp.add_pipe("candidate_scorer", source=nlps["source"])
    for text in TEXTS[::2]:
        assert not alive or nlps["source"](text) is not None
    if not alive:
        nlps.clear()
        gc.collect()
    with pytest.raises(ValueError, match=r"'causal_ner' of another.*'Anna Smith"):
        nlp(TEXTS[0])
    nlp.remove_pipe("candidate_scorer")
    nlp.add_pipe("candidate_scorer")
    assert nlp(TEXTS[0])._.candidates


def test_a_spawned_process_gets_what_it_reads(trained):
    nlp = trained()
    pipes = [pipe for _, pipe in nlp.pipeline]
    labeller, scorer = pickle.loads(pickle.dumps(pipes))
    assert scorer.labeller is labeller
    doc = scorer(labeller(nlp.make_doc(TEXTS[0])))
    assert_the_same([doc], [nlp(TEXTS[0])])


def test_the_noise_is_keyed_by_the_words_alone(trained):
    """Pinned: another key would ask other questions in a session that is resumed."""
    nlp = trained()
    words = np.array([token.orth for token in nlp("a b")], dtype=np.uint64).tobytes()
    key = noise_key(words, seed=0, round=0, purpose="display")
    assert key.hex() == "5365b56e5b1534e49956a14b298cb4c5"


def test_an_example_whose_prediction_was_asked_about_trains(trained, examples):
    nlp = trained()
    reference = examples[0].reference
    example = Example(nlp(reference.text), reference)
    nlp.update([example], sgd=nlp.resume_training())


def test_labels_may_be_added_between_the_two(trained):
    nlp = trained(unit="token")
    doc = nlp.get_pipe("causal_ner")(nlp.make_doc(TEXTS[0]))
    nlp.get_pipe("causal_ner").add_label("NEW")
    asked_about = nlp.get_pipe("candidate_scorer")(doc)._.candidates
    assert len(asked_about) == len(doc)
