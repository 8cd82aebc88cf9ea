"""Sentences that were bought are asked about: what is known of them then."""

from dataclasses import replace

import numpy as np
import pytest
import spacy
from numpy.random import default_rng
from spacy.tokens import Doc, Span

from spacy_causal.acquisition.named import make_strategy
from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.active import Course, run_rounds
from spacy_causal.experiments.active_simulation import create_look
from spacy_causal.experiments.asking import Asking
from spacy_causal.experiments.fitting import fit
from spacy_causal.learning.augmenting import make_augment
from spacy_causal.learning.reading import probabilities_of
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.learning.weights import pipes_to_bytes
from spacy_causal.targets.token_targets import get_targets
from spacy_causal.types import Budget

CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 32,
    "depth": 1,
    "embed_size": 200,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}
NAMES = ["Anna", "Omar", "Ines", "Paul", "Mina", "Hugo"]
CITIES = ["Paris", "Berlin", "Rome", "Oslo", "Cairo", "Lima"]
COMPONENT = "causal_ner"
SETTINGS = LearnerSettings(updates=1, learn_rate=0.01)


@pytest.fixture(scope="module")
def pool():
    """36 sentences "NAME lives in CITY ." """
    vocab, found = spacy.blank("en").vocab, {}
    for i, (name, city) in enumerate((n, c) for n in NAMES for c in CITIES):
        doc = Doc(vocab, words=[name, "lives", "in", city, "."])
        doc.ents = [Span(doc, 0, 1, "PER"), Span(doc, 3, 4, "LOC")]
        found[str(i)] = doc
    return found


@pytest.fixture(scope="module")
def train(pool):
    """Trains a pipeline that knows both labels."""

    def train(docs, key, before=None, steps=40):
        nlp = spacy.blank("en", vocab=pool["0"].vocab)
        model = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": CNN}
        nlp.add_pipe(COMPONENT, config={"scheme": "bio", "model": model})
        for label in ("LOC", "PER"):
            nlp.get_pipe(COMPONENT).add_label(label)
        nlp.config["training"]["optimizer"]["learn_rate"] = 0.01
        fit(nlp, COMPONENT, docs, key=key, steps=steps, batch_size=8)
        return nlp

    return train


@pytest.fixture
def trained(pool, train):
    return train([pool[id] for id in ("0", "7", "14", "21")], (0,))


def ask(asking, nlp, pool, ids, key=(0, 1), budget=1000):
    known, bought = ({id: pool[id] for id in x} for x in (("0", "7"), ids))
    return asking(nlp, known, bought, key, Budget(budget, "words"))


def tags_of(doc):
    """The tag that each token is known to bear, "-" where none is."""
    targets = get_targets(doc, "ner")
    rows = np.asarray(targets.rows)
    names = [targets.labels[i] for i in rows.argmax(axis=1)]
    return [n if r.max() > 0.999 else "-" for n, r in zip(names, rows, strict=True)]


def test_answers_about_every_token_tell_the_whole_sentence(trained, pool):
    asking = Asking(COMPONENT, unit="token", k=3, settings=SETTINGS)
    found = ask(asking, trained, pool, ["1", "2"])
    assert found.questions == 10 and list(found.docs) == ["1", "2"]
    for doc in found.docs.values():
        assert tags_of(doc) == ["B-PER", "O", "O", "B-LOC", "O"]
    assert asking.counted == asking.shown == 4


def test_what_nobody_was_asked_about_is_unknown(trained, pool):
    asking = Asking(COMPONENT, near_miss=2.0, settings=SETTINGS)
    found = ask(asking, trained, pool, ["1", "2", "3"])
    assert 0 < found.questions <= 15
    said = [tag for doc in found.docs.values() for tag in tags_of(doc)]
    assert "-" in said
    asked = {
        (id, i)
        for id, answered in asking.answered.items()
        for answer in answered.answers
        for i in range(answer.start, answer.end)
    }
    for id, doc in found.docs.items():
        rows = np.asarray(get_targets(doc, "ner").rows)
        assert [(id, i) in asked for i in range(len(doc))] == rows.any(axis=1).tolist()


def test_a_refused_type_is_ruled_out(trained, pool):
    asking = Asking(COMPONENT, unit="token", k=1, user=lambda *_: None,
                    settings=LearnerSettings(updates=1, trust_prior=None))  # fmt: skip
    found = ask(asking, trained, pool, ["1"])
    targets = get_targets(found.docs["1"], "ner")
    for answer in asking.answered["1"].answers:
        (label,) = answer.shown
        refused = [
            i for i, n in enumerate(targets.labels) if n[2:] == label or n == label
        ]
        assert targets.rows[answer.start, refused].sum() == pytest.approx(0)
        assert targets.rows[answer.start].sum() == pytest.approx(1)


def test_after_none_of_these_the_list_tells_the_type(train, pool):
    barely = train([pool["0"], pool["7"]], (0,), steps=1)
    asking = Asking(COMPONENT, unit="token", k=1, follow_up=True, settings=SETTINGS)
    found = ask(asking, barely, pool, ["1", "2", "3"])
    for doc in found.docs.values():
        assert tags_of(doc) == ["B-PER", "O", "O", "B-LOC", "O"]
    opened = [
        any(answer.chosen not in answer.shown for answer in answered.answers)
        for answered in asking.answered.values()
    ]
    assert asking.listed == sum(opened) > 0


def test_model_is_left_as_it_was_and_later_rounds_know_earlier_answers(trained, pool):
    before = pipes_to_bytes(trained, trained.pipe_names)
    asking = Asking(COMPONENT, unit="token", settings=SETTINGS)
    ask(asking, trained, pool, ["1", "2"])
    assert pipes_to_bytes(trained, trained.pipe_names) == before
    assert trained.pipe_names == [COMPONENT]
    found = ask(asking, trained, pool, ["3"], key=(0, 2))
    assert found.questions == 5
    assert list(found.docs) == ["1", "2", "3"]


def test_rounds_that_ask_are_the_same_for_the_same_seed(pool, train):
    def rounds(seed):
        course = Course(
            pool=pool,
            fit=train,
            score=lambda nlp: float(np.mean([
                [(e.start, e.label_) for e in nlp(doc.text).ents]
                == [(0, "PER"), (3, "LOC")]
                for doc in pool.values()
            ])),
            look=create_look(COMPONENT),
            rounds=2,
            budget=Budget(20, "words"),
            augment=make_augment("counterfactual", COMPONENT),
            ask=Asking(COMPONENT, settings=SETTINGS),
        )  # fmt: skip
        assert not course.stands_alone
        initial = [str(i) for i in default_rng(seed).permutation(36)[:4]]
        return list(run_rounds(course, make_strategy("wbadge"), initial, seed))

    first, again = rounds(0), rounds(0)
    plain = [(r.words, r.score, r.questions, r.picks, r.generated) for r in first]
    assert plain == [
        (r.words, r.score, r.questions, r.picks, r.generated) for r in again
    ]
    assert [r.words for r in first] == [20, 40, 60]
    assert first[0].questions == 0 and all(r.questions for r in first[1:])
    assert all(r.generated for r in first)


def test_only_unsure_tokens_cost_words_and_the_others_are_what_the_model_finds(
    trained, pool
):
    every = Asking(COMPONENT, unit="token", settings=SETTINGS)
    ask(every, trained, pool, ["1", "2", "3"])
    (own,) = probabilities_of(trained, COMPONENT, [bare_copy(pool["1"])])
    sure = float(np.median(own.max(axis=1)))
    settings = replace(SETTINGS, fill=True)
    asking = Asking(COMPONENT, unit="token", sure=sure, settings=settings)
    found = ask(asking, trained, pool, ["1", "2", "3"])
    assert (
        found.taken == found.sentences == 3 and 0 < found.words == found.questions < 15
    )
    for id, doc in found.docs.items():
        asked = {answer.start for answer in asking.answered[id].answers}
        rows = np.asarray(get_targets(doc, "ner").rows)
        np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)
        assert len(asked) < 5
        for start in asked:
            assert tags_of(doc)[start] == ["B-PER", "O", "O", "B-LOC", "O"][start]


def test_asking_ends_with_the_budget_and_the_rest_goes_back(train, pool):
    asking = Asking(COMPONENT, unit="token", sure=0.99999, batch_size=2,
                    settings=replace(SETTINGS, fill=True))  # fmt: skip
    course = Course(
        pool=pool,
        fit=train,
        score=lambda nlp: 0.0,
        look=create_look(COMPONENT),
        rounds=2,
        budget=Budget(4, "words"),
        ask=asking,
    )
    strategy, sold = Noting(), []
    strategy.sold = sold
    found = list(run_rounds(course, strategy, ["0", "7"], 0))
    for picks, before, after in zip(sold, found, found[1:], strict=False):
        assert after.questions and after.words - before.words == after.questions
        assert after.picks == picks[: len(after.picks)]
        assert len(after.picks) < len(picks)
        assert before.left - after.left == len(after.picks)
        assert after.words_read == 5 * after.sentences
    total = sum(r.questions for r in found)
    # No more than the last batch beyond what was to be spent in all.
    assert len(sold) == 2 and total < 2 * 4 + 2 * 5
    assert found[-1].sentences == 2 + len(asking.answered)
    picks = [id for r in found for id in r.picks]
    assert len(picks) == len(set(picks)) and set(asking.answered) <= set(picks)


class Noting:
    """Draws at random and notes what."""

    needs = make_strategy("random").needs
    sold: list[list[str]]

    def __call__(self, *args):
        self.sold.append(make_strategy("random")(*args))
        return self.sold[-1]


def test_what_was_overspent_is_saved_in_the_next_round(trained, pool):
    asking = Asking(COMPONENT, unit="token", sure=1 - 1e-9, batch_size=4,
                    settings=replace(SETTINGS, fill=True))  # fmt: skip
    ids = [str(i) for i in range(10, 34)]
    first = ask(asking, trained, pool, ids[:12], budget=30)
    over = asking.overspent
    assert over == first.words - 30 > 0 and first.taken < 12
    second = ask(asking, trained, pool, ids[12:], key=(0, 2), budget=30)
    # To the next end of a batch, four sentences, after 60 in all.
    assert 60 <= first.words + second.words < 60 + 4 * 5
    assert second.taken < 12 and asking.overspent == first.words + second.words - 60


def test_unsure_tokens_are_not_bought_by_sentences():
    asking = Asking(COMPONENT, unit="token", sure=0.9)
    with pytest.raises(ValueError, match="bought by words, not by 3 sentences"):
        asking.offer(Budget(3, "sentences"))
