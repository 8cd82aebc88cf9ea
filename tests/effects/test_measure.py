"""Measuring whole pipelines: odd documents, seeds, what comes out."""

import json

import numpy as np
import pytest
import spacy
from known_pipelines import NAMES, gold
from spacy.tokens import Doc

from spacy_causal.cli.effects import create_swap
from spacy_causal.effects.forms import read_forms, seen_forms
from spacy_causal.effects.measure import measure_effects
from spacy_causal.effects.reading import read_intervened


def overall(effects, table):
    return {name: e.value for name, e in effects.tables[table].overall.items()}


def test_a_trained_pipeline(own, golds):
    told = []
    swap = create_swap(golds)
    effects = measure_effects(
        own, golds, swap=swap, samples=50, batch_size=2, on_batch=told.append
    )
    assert set(effects.tables) == {"entity", "token", "swaps"}
    assert told == [2, 2, 1]
    assert overall(effects, "entity")["f1"] == 1
    assert overall(effects, "entity")["ri"] is not None
    for table in effects.tables.values():
        for row in (table.overall, *table.per_type.values()):
            for value, low, high, n in row.values():
                assert low <= value <= high
                assert n > 0


def test_the_same_seed_gives_the_same(shared, golds):
    first = measure_effects(shared, golds, samples=50, seed=1)
    assert measure_effects(shared, golds, samples=50, seed=1) == first
    other = measure_effects(shared, golds, samples=50, seed=2)
    assert other.tables["entity"] != first.tables["entity"]
    assert overall(other, "entity") == overall(first, "entity")


def test_batches_do_not_matter(shared, golds):
    one, all_at_once = (
        measure_effects(shared, golds, samples=9, batch_size=n) for n in (1, 99)
    )
    assert one.tables["entity"] == all_at_once.tables["entity"]


def test_empty_documents_and_such_without_entities(own, golds):
    plain = measure_effects(own, golds, samples=0)
    empty = [Doc(own.vocab)] * 3
    more = measure_effects(own, [*empty, *golds, *empty], samples=0)
    assert overall(more, "entity") == overall(plain, "entity")
    assert more.n_docs == len(golds) + 6
    more = measure_effects(own, [*golds, gold(own.vocab, "Nobody came .")], samples=0)
    for name in ("f1", "f1_do_e0", "ace_e"):
        assert overall(more, "entity")[name] == overall(plain, "entity")[name]


def test_no_entity_anywhere(own):
    docs = [gold(own.vocab, "Nobody came .")]
    effects = measure_effects(own, docs, swap=create_swap(docs), samples=9)
    assert effects.tables["entity"].per_type == {}
    assert overall(effects, "swaps") == {"survived": None}


def test_one_document_has_no_interval(own, golds):
    (one, two) = (measure_effects(own, golds[:n], samples=9) for n in (1, 2))
    estimate = one.tables["entity"].overall["f1"]
    assert (estimate.value, estimate.low, estimate.high) == (1, None, None)
    assert two.tables["entity"].overall["f1"].low is not None


def test_documents_without_annotation_are_left_out(own, golds):
    unknown = Doc(own.vocab, words=["Mrs", "Anna"])
    effects = measure_effects(own, [*golds, unknown], samples=0)
    assert (effects.n_docs, effects.n_unannotated) == (len(golds), 1)
    with pytest.raises(ValueError, match="annotated"):
        measure_effects(own, [unknown])
    with pytest.raises(ValueError, match="annotated"):
        measure_effects(own, [])


def test_missing_annotation_is_not_wrong(nlp):
    nlp.add_pipe("names_by_rule")
    doc = Doc(nlp.vocab, words=["Anna", "met", "Bert"])
    doc.ents = [spacy.tokens.Span(doc, 0, 1, "PER")]
    doc.set_ents(doc.ents, missing=[doc[2:3]], outside=[doc[1:2]])
    assert overall(measure_effects(nlp, [doc], samples=0), "entity")["f1"] == 1


def test_merged_tokens_are_read_as_they_were(shared, golds):
    plain = read_intervened(shared, golds)
    shared.add_pipe("merge_entities")
    assert read_intervened(shared, golds) == plain


def test_seen_and_unseen_forms(nlp, tmp_path):
    nlp.add_pipe("names_by_rule")
    types = {**NAMES, "Dora": "PER"}
    golds = [gold(nlp.vocab, text, types) for text in ("Anna met Dora", "Bert")]
    forms = seen_forms([gold(nlp.vocab, "Anna in Oslo")])
    assert forms == {"Anna", "Oslo"}
    table = measure_effects(nlp, golds, forms=forms, samples=0).tables["forms"]
    assert table.overall["f1_seen"][::3] == (1.0, 1)
    assert table.overall["f1_unseen"][0] == pytest.approx(2 / 3)
    assert table.overall["f1_unseen"].n == 2
    (tmp_path / "forms.txt").write_text("Anna\n\n Oslo \n")
    assert read_forms(tmp_path / "forms.txt") == forms
    assert set(measure_effects(nlp, golds, samples=0).tables) == {"entity", "token"}


def test_plain_values_for_json(own, golds):
    said = json.loads(json.dumps(measure_effects(own, golds, samples=9).to_dict()))
    assert said["n_docs"] == len(golds)
    estimate = said["tables"]["token"]["per_type"]["LOC"]["ace_e"]
    assert set(estimate) == {"value", "low", "high", "n"}


def test_a_pipeline_without_entities(nlp, golds):
    nlp.add_pipe("sentencizer")
    with pytest.raises(ValueError, match="sets no entities"):
        measure_effects(nlp, golds)


def test_intervals_narrow_with_documents(nlp):
    nlp.add_pipe("names_by_rule")
    types = {**NAMES, "Dora": "PER"}
    texts = ["Anna met Dora", "Bert", "Cleo in Rome", "Dora"]

    def width(times):
        golds = [gold(nlp.vocab, text, types) for text in texts * times]
        _, low, high, _ = measure_effects(nlp, golds).tables["entity"].overall["f1"]
        return high - low

    assert width(16) == pytest.approx(width(4) / 2, rel=0.25)
    assert np.isfinite(width(1))
