"""How a view is held while it is computed: blocks, files, what stays behind."""

import gc
import logging
import weakref
from pathlib import Path

import numpy as np
import pytest
from toy_pipelines import TEXTS, build

from spacy_causal.learning.pool import blocks, compute
from spacy_causal.learning.pool.compute import view_pool
from spacy_causal.types import Needs


@pytest.fixture
def texts():
    return dict(TEXTS)


@pytest.fixture(scope="module")
def shared():
    return [build("ner-shared", seed) for seed in range(3)]


def test_the_size_decides_how_gradients_are_held(shared, texts, monkeypatch, caplog):
    ids, needs = list(texts), Needs(gradients="auto", sketch_width=64)
    with caplog.at_level(logging.INFO):
        exact = view_pool(shared[0], "it", texts, needs)
        monkeypatch.setattr(compute, "EXACT_BYTES", 1000)
        sketched = view_pool(shared[0], "it", texts, needs)
    assert exact.arrays["gradients"].shape[1] > 64
    assert sketched.arrays["gradients"].shape == (len(ids), 64)
    assert "gradients: exact" in caplog.text
    assert "gradients: sketch" in caplog.text
    # Equal texts are equal under any sketch.
    a, d = (sketched.gradients(ids).products(ids.index(id)) for id in ("a", "d"))
    assert a == pytest.approx(d, rel=1e-3)


def test_small_blocks_and_files_give_the_same(shared, texts, monkeypatch, tmp_path):
    needs = Needs(probabilities=True, best=True, samples=2, gradients="exact")
    whole = view_pool(shared[0], "it", texts, needs)
    monkeypatch.setattr(compute, "BLOCK", 2)
    done = []
    for read in range(2):
        seen = []
        view = view_pool(
            shared[0], "it", texts, needs, folder=tmp_path, on_block=seen.append
        )
        done.append(seen)
        for name in ("probabilities", "best", "gradients"):
            assert view.arrays[name] == pytest.approx(
                whole.arrays[name], abs=1e-4, rel=1e-3
            ), (read, name)
    assert done == [[0, 2, 2, 1], [5]]
    assert isinstance(view.arrays["gradients"], np.memmap)


def test_a_view_that_was_interrupted_goes_on(shared, texts, monkeypatch, tmp_path):
    monkeypatch.setattr(compute, "BLOCK", 2)
    needs, read = Needs(best=True), compute.read_here

    def stop_after_one(*given):
        yield next(read(*given))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        view_pool(shared[0], "it", texts, needs, folder=tmp_path,
                  read_blocks=stop_after_one)  # fmt: skip
    seen = []
    view = view_pool(
        shared[0], "it", texts, needs, folder=tmp_path, on_block=seen.append
    )
    assert seen == [2, 2, 1]
    whole = view_pool(shared[0], "it", texts, needs)
    assert view.best(list(texts)) == pytest.approx(whole.best(list(texts)))


def test_another_model_or_pool_does_not_go_on_from_it(shared, texts, tmp_path):
    for nlp, pool, needs in (
        (shared[0], texts, Needs(best=True)),
        (shared[1], texts, Needs(best=True)),
        (shared[0], {**texts, "a": "Berlin"}, Needs(best=True)),
        (shared[0], texts, Needs(best=True, hidden=True)),
    ):
        seen = []
        view_pool(nlp, "it", pool, needs, folder=tmp_path, on_block=seen.append)
        assert seen == [0, 5]


def test_what_is_large_goes_to_a_temporary_folder(shared, texts, monkeypatch):
    monkeypatch.setattr(compute, "MEMORY_BYTES", 10)
    monkeypatch.setattr(compute, "BLOCK", 2)
    view = view_pool(shared[0], "it", texts, Needs(hidden=True))
    folder = Path(view.arrays["hidden"].filename).parent
    assert view.hidden("d").shape[0] == 9
    assert folder.exists()
    del view
    gc.collect()
    assert not folder.exists()


def test_words_do_not_stay_in_the_vocabulary(shared):
    view_pool(
        shared[0], "it", {"a": "Zyxwvutsrq spoke ."}, Needs(best=True, words=True)
    )
    assert "Zyxwvutsrq" not in shared[0].vocab.strings


def test_docs_that_were_read_do_not_stay_until_their_block_is(shared, monkeypatch):
    seen, alive, read = [], [], blocks.read_batch

    def watch(labeller, docs, *given):
        gc.collect()
        alive.append(sum(doc() is not None for doc in seen))
        seen.extend(weakref.ref(doc) for doc in docs)
        return read(labeller, docs, *given)

    monkeypatch.setattr(blocks, "read_batch", watch)
    monkeypatch.setattr(blocks, "BATCH_DOCS", 4)
    view_pool(shared[0], "it", {str(i): "Paris" for i in range(16)}, Needs(best=True))
    assert alive == [0, 0, 0, 0]
