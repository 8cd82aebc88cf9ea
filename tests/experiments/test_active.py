"""The active learning loop, with models that only remember what they were shown."""

from types import SimpleNamespace

import numpy as np
import pytest
import spacy
from numpy.random import default_rng
from spacy.tokens import Doc

from spacy_causal.experiments.active import Course, first_share, run_rounds
from spacy_causal.types import Budget, Needs

VOCAB = spacy.blank("en").vocab
POOL = {str(i): Doc(VOCAB, words=[f"w{i}"] * (1 + i % 5)) for i in range(40)}
SIZES = {id: len(doc) for id, doc in POOL.items()}


class Shop:
    """Notes what the loop asks for."""

    def __init__(self):
        self.fits, self.looks = [], []

    def fit(self, docs, key, before=None):
        self.fits.append((len(docs), key, before))
        return SimpleNamespace(key=key, words=sum(map(len, docs)))

    def look(self, committee, docs, needs, seed):
        self.looks.append((len(committee), seed))
        return SimpleNamespace(ids=list(docs))

    def course(self, **changed):
        settings = {
            "pool": POOL,
            "fit": self.fit,
            "score": lambda nlp: nlp.words,
            "look": self.look,
            "rounds": 3,
            "budget": Budget(10, "words"),
        }
        return Course(**{**settings, **changed})


class Draw:
    """Buys at random within the budget."""

    def __init__(self, votes=0):
        self.needs = Needs(votes=votes)

    def __call__(self, view, labelled, unlabelled, budget, rng):
        assert not set(labelled) & set(unlabelled)
        picks, room = [], budget.size
        for i in rng.permutation(len(unlabelled)):
            if SIZES[unlabelled[i]] <= room:
                picks.append(unlabelled[i])
                room -= SIZES[unlabelled[i]]
        return picks


def initial():
    return first_share(POOL, 0.1, default_rng(0))


def test_each_round_adds_its_picks_to_what_is_labelled():
    shop = Shop()
    rounds = list(run_rounds(shop.course(), Draw(), initial(), 0))
    assert [r.number for r in rounds] == [0, 1, 2, 3]
    bought = [id for r in rounds for id in r.picks]
    assert len(bought) == len(set(bought)) == rounds[-1].sentences
    assert rounds[0].picks == initial()
    for n, r in enumerate(rounds):
        words = sum(SIZES[id] for each in rounds[: n + 1] for id in each.picks)
        assert r.words == r.score == words
        lengths = [SIZES[id] for id in r.picks]
        assert r.mean_length == pytest.approx(np.mean(lengths), abs=0.01)
    assert all(10 - 4 <= sum(SIZES[i] for i in r.picks) <= 10 for r in rounds[1:])
    assert all(before is None for _, _, before in shop.fits)


def test_the_same_seed_buys_the_same_and_another_one_something_else():
    runs = [list(run_rounds(Shop().course(), Draw(), initial(), s)) for s in (1, 1, 2)]
    digests = [[r.digest for r in run] for run in runs]
    assert digests[0] == digests[1]
    assert digests[0][0] == digests[2][0] and digests[0][1:] != digests[2][1:]


@pytest.mark.parametrize("n_known", [1, 2, 4])
def test_it_goes_on_where_it_was_stopped(n_known):
    whole = list(run_rounds(Shop().course(), Draw(), initial(), 0))
    shop = Shop()
    known = [r.picks for r in whole[:n_known]]
    rest = list(run_rounds(shop.course(), Draw(), initial(), 0, known=known))
    assert [(r.number, r.digest, r.score) for r in rest] == [
        (r.number, r.digest, r.score) for r in whole[n_known:]
    ]
    assert len(shop.fits) == len(rest) + 1


def test_the_first_model_can_be_shared_between_strategies():
    shop, first = Shop(), (SimpleNamespace(key=(0, 0), words=7), 3)
    rounds = list(run_rounds(shop.course(), Draw(), initial(), 0, first=first))
    assert rounds[0].score == 7 and rounds[0].generated == 3
    assert [key for _, key, _ in shop.fits] == [(0, 1), (0, 2), (0, 3)]


def test_a_model_may_go_on_from_the_round_before():
    shop = Shop()
    list(run_rounds(shop.course(fresh=False), Draw(), initial(), 0))
    befores = [before and before.key for _, _, before in shop.fits]
    assert befores == [None, (0, 0), (0, 1), (0, 2)]
    with pytest.raises(ValueError, match="needs all rounds"):
        list(run_rounds(shop.course(fresh=False), Draw(), [], 0, known=[["1"]]))


def test_a_committee_has_members_of_other_seeds():
    shop = Shop()
    list(run_rounds(shop.course(rounds=1), Draw(votes=3), initial(), 0))
    assert [n for n, _ in shop.looks] == [3]
    assert [key for _, key, _ in shop.fits] == [(0, 0), (0, 0, 1), (0, 0, 2), (0, 1)]


def test_augmentation_sees_the_labelled_docs_and_a_model_of_them():
    seen = []

    def augment(docs, trained, rng):
        seen.append((len(docs), trained.key, rng.integers(10**9)))
        return docs[:2]

    shop = Shop()
    rounds = list(run_rounds(shop.course(augment=augment), Draw(), initial(), 0))
    assert [(n, key) for n, key, _ in seen] == [
        (rounds[0].sentences, (0, 0)),
        (rounds[1].sentences, (0, 0)),
        (rounds[2].sentences, (0, 1)),
        (rounds[3].sentences, (0, 2)),
    ]
    assert len({drawn for _, _, drawn in seen}) == 4
    assert [r.generated for r in rounds] == [2] * 4
    assert shop.fits[1][0] == rounds[0].sentences + 2
    # Each model depends on the one before: a run cannot begin in the middle.
    known = [r.picks for r in rounds[:2]]
    with pytest.raises(ValueError, match="needs all rounds"):
        list(run_rounds(shop.course(augment=augment), Draw(), [], 0, known=known))


def test_a_pool_that_is_used_up_ends_it():
    rounds = list(
        run_rounds(
            Shop().course(budget=Budget(60, "words"), rounds=9), Draw(), initial(), 0
        )
    )
    assert rounds[-1].sentences == len(POOL) and len(rounds) < 10


@pytest.mark.parametrize("picks", [["1", "1"], ["nowhere"]])
def test_picks_that_cannot_be_are_refused(picks):
    bad = Draw()
    bad.__class__ = type("Bad", (Draw,), {"__call__": lambda self, *args: list(picks)})
    with pytest.raises(ValueError, match="not on sale, or twice"):
        list(run_rounds(Shop().course(), bad, ["0"], 0))


def test_the_initial_share_is_of_words_and_random():
    total = sum(SIZES.values())
    chosen = first_share(POOL, 0.3, default_rng(1))
    words = sum(SIZES[id] for id in chosen)
    assert 0.3 * total <= words < 0.3 * total + 5
    assert chosen == first_share(POOL, 0.3, default_rng(1))
    assert chosen != first_share(POOL, 0.3, default_rng(2))
    assert len(first_share(POOL, 0.25, default_rng(1), unit="sentences")) == 10
    for share in (0, 1):
        with pytest.raises(ValueError, match="between 0 and 1"):
            first_share(POOL, share, default_rng(0))
