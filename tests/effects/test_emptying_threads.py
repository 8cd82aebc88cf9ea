"""Threads that empty tokens at once do not see each other."""

import threading

import numpy as np
from known_pipelines import (
    TEXTS,
    entities_read,
    everything,
    fresh,
    gold,
)

from spacy_causal.effects import layers
from spacy_causal.effects.emptying import emptied
from spacy_causal.effects.reading import entity_tokens
from spacy_causal.effects.sites import find_sites


def test_two_threads_do_not_see_each_others(shared):
    """Each empties other tokens of the same texts; a third empties none. All three are
    within their blocks at once and predict many times."""
    golds = [gold(shared.vocab, text) for text in TEXTS]
    inside = [entity_tokens(doc) for doc in golds]
    masks = {
        "entities": inside,
        "context": [~tokens for tokens in inside],
        "nothing": [np.zeros_like(tokens) for tokens in inside],
    }

    def tensors_of(mask):
        docs = fresh(shared, golds)
        with emptied(shared, docs, mask) as given:
            return [doc.tensor for doc in shared.pipe(given.docs)]

    expected = {name: tensors_of(mask) for name, mask in masks.items()}
    found = {name: [] for name in masks}
    barrier = threading.Barrier(len(masks), timeout=60)

    def work(name):
        for _ in range(15):
            docs = fresh(shared, golds)
            with emptied(shared, docs, masks[name]) as given:
                barrier.wait()
                found[name].append([doc.tensor for doc in shared.pipe(given.docs)])
                barrier.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in masks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, runs in found.items():
        assert len(runs) == 15
        for run in runs:
            for rows, known in zip(run, expected[name], strict=True):
                np.testing.assert_array_equal(rows, known)
    assert not layers._CHANGED


def test_the_last_to_leave_puts_it_back(shared, golds):
    before = entities_read(shared, fresh(shared, golds))
    (layer,) = find_sites(shared).layers
    function = layer._func
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with emptied(shared, fresh(shared, golds), everything(golds)):
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=stay)
    with emptied(shared, fresh(shared, golds), everything(golds)):
        thread.start()
        assert inside.wait(60)
    assert layer._func is not function
    assert entities_read(shared, fresh(shared, golds)) == before
    leave.set()
    thread.join()
    assert layer._func is function
