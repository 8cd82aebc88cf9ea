"""Where `candidate_scorer` reads its scores, and that it comes back from disk."""

import copy
import gc
import pickle
from math import inf, nan

import pytest
import spacy
import srsly
from shown_candidates import CONFOUNDERS, TEXTS, asked, assert_the_same
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import ignore_error, raise_error

from spacy_causal.display import questions
from spacy_causal.display.noise import noise_key
from spacy_causal.display.settings import Display

NO_CONFOUNDERS = CONFOUNDERS | {"size": 0}


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
        assert len(doc._.candidates) == sum(not token.is_space for token in doc)


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


def test_sure_of_mentions_is_refused_at_once(nlp):
    nlp.add_pipe("causal_ner")
    with pytest.raises(ValueError, match="sure is about tokens"):
        nlp.add_pipe("candidate_scorer", config={"unit": "mention", "sure": 0.9})


def test_attention_that_is_not_there(nlp, examples):
    nlp.add_pipe("causal_ner", config={"confounders": NO_CONFOUNDERS})
    nlp.add_pipe("candidate_scorer", config={"modulation": "printed"})
    nlp.initialize(lambda: examples)
    assert nlp("")._.candidates == []
    with pytest.raises(ValueError, match='"printed" needs a head that attends'):
        nlp("Anna spoke")


@pytest.mark.parametrize(
    "bad",
    [
        *({"k": 0}, {"samples": 0}, {"explore": 1.5}, {"explore": nan}),
        *({"size": -1}, {"size": inf}, {"size": nan}),
        *({"near_miss": 0}, {"near_miss": nan}),
        *({"sure": 0}, {"sure": 1.1}, {"sure": nan}),
    ],
)
def test_settings_that_make_no_sense(bad):
    with pytest.raises(ValueError, match=f"{next(iter(bad))} (is|lies)"):
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


def test_a_seed_or_round_in_the_config_that_has_changed_since_counts(trained, tmp_path):
    nlp = trained(seed=7)
    nlp.get_pipe("candidate_scorer").seed = 8
    nlp.get_pipe("candidate_scorer").round = 3
    for saved in (nlp, copy.deepcopy(nlp)):
        saved.to_disk(tmp_path)
        found = {}
        for seed in (7, 5):
            config = {"components": {"candidate_scorer": {"seed": seed}}}
            scorer = spacy.load(tmp_path, config=config).get_pipe("candidate_scorer")
            found[seed] = scorer.seed, scorer.round
        assert found == {7: (8, 3), 5: (5, 3)}


def test_a_seed_that_was_saved_without_its_config_is_loaded(trained):
    scorer = trained().get_pipe("candidate_scorer")
    scorer.from_bytes(srsly.msgpack_dumps({"seed": 4, "round": 2}))
    assert (scorer.seed, scorer.round) == (4, 2)


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


def test_the_noise_is_keyed_by_the_words_alone(trained, monkeypatch):
    """Pinned: another key would ask other questions in a session that is resumed."""
    keys = []

    def note(document, **drawn):
        keys.append(noise_key(document, **drawn).hex())
        return bytes.fromhex(keys[-1])

    nlp = trained(modulation="fixed", explore=0.5, propensities=True)
    monkeypatch.setattr(questions, "noise_key", note)
    for space in (True, False):
        doc = Doc(nlp.vocab, words=["a", "b"], spaces=[space, False])
        nlp.get_pipe("candidate_scorer")(doc)
    assert keys == 2 * [
        "5365b56e5b1534e49956a14b298cb4c5",
        "a5613a9e3f42b24b5376dd7453c1605d",
        "3cc6d209e2ee1abd934fa4e48104c34a",
    ]


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


def test_a_copy_reads_its_own_model(trained):
    nlp = trained()
    copied = copy.deepcopy(nlp)
    scorer = copied.get_pipe("candidate_scorer")
    assert scorer.labeller is copied.get_pipe("causal_ner")
    assert scorer.labeller is not nlp.get_pipe("causal_ner")
    assert_the_same([copied(TEXTS[0])], [nlp(TEXTS[0])])


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda pipe: pickle.loads(pickle.dumps(pipe))]
)
def test_a_copy_passes_over_bad_documents_as_the_first_does(trained, copied):
    scorer = trained().get_pipe("candidate_scorer")
    scorer.set_error_handler(raise_error)
    assert copied(scorer).get_error_handler() is raise_error
    scorer.set_error_handler(ignore_error)
    assert copied(scorer).get_error_handler() is ignore_error
