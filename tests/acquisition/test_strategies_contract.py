"""What every registered strategy has to do."""

import numpy as np
import pytest
from array_views import random_view
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy import registry

from spacy_causal.types import Budget

NAMES = [
    *("random", "least_confidence", "mnlp", "token_entropy", "vote_entropy"),
    *("bald", "coreset", "badge", "wbadge"),
]
SETTINGS = [
    *((name, {}) for name in NAMES),
    *(("wbadge", {"weight": weight}) for weight in ("l2", "1", "1/l")),
    *(("bald", {"measure": measure}) for measure in ("token", "information")),
    ("least_confidence", {"sum_tokens": True}),
]
lengths = st.lists(st.integers(0, 7), min_size=1, max_size=25)
budgets = st.builds(Budget, st.integers(1, 40), st.sampled_from(["sentences", "words"]))


def make(name, **config):
    return registry.misc.get(f"spacy-causal.acquire_{name}.v1")(**config)


def choose(acquire, view, labelled, budget, seed=0):
    unlabelled = [id for id in view.ids if id not in set(labelled)]
    rng = np.random.default_rng(seed)
    return acquire(view, labelled, unlabelled, budget, rng)


def test_nothing_else_is_registered_as_a_strategy():
    found = {name for name in registry.misc.get_all() if ".acquire_" in name}
    assert found == {f"spacy-causal.acquire_{name}.v1" for name in NAMES}


@pytest.mark.parametrize(("name", "config"), SETTINGS)
@settings(max_examples=25, deadline=None)
@given(lengths=lengths, budget=budgets, seed=st.integers(0, 9))
def test_distinct_unlabelled_ids_within_the_budget(name, config, lengths, budget, seed):
    view = random_view(lengths, seed=seed)
    labelled = view.ids[::3]
    picked = choose(make(name, **config), view, labelled, budget, seed)
    assert len(set(picked)) == len(picked)
    assert not set(picked) & set(labelled)
    costs = dict(zip(view.ids, lengths, strict=True))
    assert all(costs[id] for id in picked)
    could = [n for id, n in costs.items() if n and id not in labelled]
    assert bool(picked) == bool(could)
    if budget.unit == "sentences":
        assert len(picked) == min(budget.size, len(could))
        return
    spent = sum(costs[id] for id in picked)
    assert spent <= budget.size or (len(picked) == 1 and min(could) > budget.size)
    left = [n for id, n in costs.items() if n and id not in {*labelled, *picked}]
    assert spent > budget.size or all(n > budget.size - spent for n in left)


@pytest.mark.parametrize(("name", "config"), SETTINGS)
def test_the_seed_and_nothing_else_decides(name, config):
    view = random_view([3, 5, 2, 8, 1, 4, 6, 2, 7, 3])
    acquire, budget = make(name, **config), Budget(4)
    first = choose(acquire, view, view.ids[:2], budget, seed=1)
    assert first == choose(acquire, view, view.ids[:2], budget, seed=1)


@pytest.mark.parametrize("name", ["random", "badge", "wbadge"])
def test_another_seed_draws_others(name):
    view = random_view([3] * 200)
    drawn = {tuple(choose(make(name), view, [], Budget(5), seed)) for seed in range(5)}
    assert len(drawn) == 5


@pytest.mark.parametrize(("name", "config"), SETTINGS)
def test_a_model_that_is_sure_of_everything(name, config):
    view = random_view([3, 3, 2, 4])
    sure = np.zeros_like(view.arrays["probabilities"])
    sure[:, 0] = 1
    zeros = {key: np.zeros_like(array) for key, array in view.arrays.items()}
    view.arrays = zeros | {"probabilities": sure}
    assert sorted(choose(make(name, **config), view, [], Budget(9))) == sorted(view.ids)


@pytest.mark.parametrize(("name", "config"), SETTINGS)
def test_what_is_not_needed_is_not_read(name, config):
    acquire, view = make(name, **config), random_view([3, 5, 2])
    needs, held = acquire.needs, view.arrays
    wanted = {
        "probabilities": needs.probabilities or needs.gradients,
        "hidden": needs.hidden or needs.gradients,
        "embeddings": needs.embeddings,
        "best": needs.best,
        "votes": needs.votes,
        "samples": needs.samples,
        "information": needs.samples,
    }
    view.arrays = {key: array for key, array in held.items() if wanted[key]}
    view.word_lists = None
    assert choose(acquire, view, [], Budget(2))
    for key in [key for key in view.arrays if key not in ("samples", "information")]:
        view.arrays = {other: held[other] for other in held if other != key}
        with pytest.raises(ValueError, match="view has no"):
            choose(acquire, view, [], Budget(2))


@pytest.mark.parametrize("name", NAMES)
def test_near_duplicates_of_a_pick_are_left_out(name):
    view = random_view([4, 4, 4, 4, 5])
    words = ["flight 12 to oslo", "flight 97 to oslo", "rain in bergen .",
             "rain in bergen .", "what does a ticket cost"]  # fmt: skip
    view.word_lists = [text.split() for text in words].__getitem__
    acquire = make(name, near_duplicates=0.9)
    assert acquire.needs.words
    places = {view.ids.index(id) for id in choose(acquire, view, [], Budget(5))}
    assert len(places & {0, 1}) == len(places & {2, 3}) == len(places & {4}) == 1
    assert len(choose(make(name), view, [], Budget(5))) == 5
    left = choose(acquire, view, [view.ids[0], view.ids[3]], Budget(5))
    assert left == [view.ids[4]]


@pytest.mark.parametrize("name", NAMES)
def test_an_id_given_twice_is_an_error(name):
    view = random_view([2, 3])
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="twice"):
        make(name)(view, view.ids[:1], view.ids, Budget(1), rng)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("wbadge", {"weight": "l3"}),
        ("wbadge", {"engine": "guess"}),
        ("bald", {"measure": "token entropy"}),
        ("bald", {"dropout": 0.0}),
        ("vote_entropy", {"committee": 1}),
    ],
)
def test_settings_that_make_no_sense(name, config):
    with pytest.raises(ValueError, match=r"\w"):
        make(name, **config)


@pytest.mark.parametrize("text", ["", "0", "-3", "5x", "1.5w", "w", "²", "5sw"])
def test_no_budget(text):
    with pytest.raises(ValueError, match="budget"):
        Budget.parse(text)


def test_budgets_as_they_are_written():
    assert Budget.parse("500w") == Budget(500, "words")
    assert Budget.parse(" 20 ") == Budget.parse("20s") == Budget(20, "sentences")
