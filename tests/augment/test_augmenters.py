"""What every registered augmenter of ours has to do."""

from importlib.metadata import entry_points

import numpy as np
import pytest
from named_texts import TEXTS, content, docs_of, write_corpus
from numpy.random import default_rng
from spacy.training import Example
from spacy.util import registry

from spacy_causal.augment.bank import collect_entities, write_bank
from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
from spacy_causal.augment.provenance import get_provenance, source_id
from spacy_causal.corpus.files import empty_docbin, write_docbin
from spacy_causal.corpus.reader import create_corpus

AUGMENTERS = sorted(
    entry.name
    for entry in entry_points(group="spacy_augmenters")
    if entry.name.startswith("spacy-causal.")
)


@pytest.fixture
def examples(nlp):
    return [Example(nlp.make_doc(d.text), d) for d in docs_of(nlp)]


def entities_file(nlp, examples, folder):
    path = folder / "entities.json"
    write_bank(path, collect_entities(e.reference for e in examples))
    return path


def swaps_file(nlp, examples, folder):
    bank = collect_entities(e.reference for e in examples)
    docs, settings = empty_docbin(), SwapSettings(2)
    for attempt in counterfactuals(nlp, examples, bank, settings, default_rng(0)):
        if attempt.verdict.kept:
            docs.add(attempt.example.reference)
    write_docbin(folder / "swaps.spacy", docs)
    return folder / "swaps.spacy"


@pytest.fixture(params=[entities_file, swaps_file])
def path(request, nlp, examples, tmp_path):
    return request.param(nlp, examples, tmp_path)


def create(name, path, **settings):
    return registry.augmenters.get(name)(path=path, **settings)


def augmented(name, nlp, examples, path, **settings):
    augment = create(name, path, **settings)
    return [list(augment(nlp, example)) for example in examples]


@pytest.mark.parametrize("name", AUGMENTERS)
class TestEveryAugmenter:
    def test_it_yields_examples_with_the_original_first(
        self, name, nlp, examples, path
    ):
        for example, found in zip(
            examples, augmented(name, nlp, examples, path), strict=True
        ):
            assert found[0] is example
            for new in found[1:]:
                assert new.predicted.text == new.reference.text
                assert not new.predicted.has_annotation("ENT_IOB")
                assert new.reference.vocab is nlp.vocab
                assert get_provenance(new.reference)["source"] == source_id(
                    example.reference
                )
        assert len(found) == 1, "nothing can be swapped in the last text"

    def test_the_original_stays_as_it_was(self, name, nlp, examples, path):
        before = [e.reference.to_bytes() for e in examples]
        augmented(name, nlp, examples, path)
        assert [e.reference.to_bytes() for e in examples] == before

    def test_same_seed_same_bytes(self, name, nlp, examples, path):
        first, again, other = (
            content(augmented(name, nlp, examples * 3, path, seed=seed))
            for seed in (0, 0, 1)
        )
        assert first == again != other

    def test_rate_and_originals(self, name, nlp, examples, path):
        none = augmented(name, nlp, examples, path, rate=0.0)
        assert [len(found) for found in none] == [1] * len(examples)
        only = augmented(name, nlp, examples, path, keep_original=False)
        assert all(get_provenance(e.reference) for found in only for e in found)
        some = augmented(name, nlp, examples * 40, path, rate=0.5)
        assert 0.3 < np.mean([len(f) > 1 for f in some]) / 0.8 < 0.7

    def test_global_random_state_is_left_alone(self, name, nlp, examples, path):
        import random

        state = random.getstate()
        augmented(name, nlp, examples, path)
        assert random.getstate() == state

    def test_a_model_trains_on_it(self, name, nlp, examples, path):
        found = augmented(name, nlp, examples, path)
        nlp.add_pipe("causal_ner")
        optimizer = nlp.initialize(lambda: examples)
        losses = nlp.update([e for f in found for e in f], sgd=optimizer)
        assert losses["causal_ner"] > 0

    def test_bad_settings_are_refused(self, name, tmp_path, path):
        with pytest.raises(ValueError, match="There is no file"):
            create(name, None)
        with pytest.raises(ValueError, match="There is no file"):
            create(name, tmp_path / "none.json")
        with pytest.raises(ValueError, match="probability"):
            create(name, path, rate=2.0)


def test_a_file_without_swaps_is_refused(nlp, examples, tmp_path):
    path = write_corpus(tmp_path / "plain.spacy", docs_of(nlp))
    augment = create("spacy-causal.counterfactual.v1", path)
    with pytest.raises(ValueError, match="by swapping"):
        list(augment(nlp, examples[0]))


def test_texts_that_no_swap_was_made_of_are_missed(nlp, examples, tmp_path):
    path = swaps_file(nlp, examples, tmp_path)
    augment = create("spacy-causal.counterfactual.v1", path)
    other = Example.from_dict(nlp.make_doc("Nobody swapped this."), {"entities": []})
    with pytest.warns(UserWarning, match="of the first 50 examples none"):
        for _ in range(60):
            assert len(list(augment(nlp, other))) == 1


def test_it_augments_a_corpus_from_a_config(nlp, examples, tmp_path):
    path = write_corpus(tmp_path / "corpus.spacy", docs_of(nlp))
    augment = create(
        "spacy-causal.counterfactual.v1", entities_file(nlp, examples, tmp_path)
    )
    read = list(create_corpus(path, augmenter=augment)(nlp))
    assert len(read) > len(TEXTS)


def test_a_config_gives_the_path_as_text(nlp, examples, path):
    config = {"@augmenters": "spacy-causal.counterfactual.v1", "path": str(path)}
    augment = registry.resolve({"augmenter": config})["augmenter"]
    assert any(len(list(augment(nlp, example))) > 1 for example in examples)
