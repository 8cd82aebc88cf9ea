"""ACE and RI of pipelines whose answer is known: lookups on entity and context words,
by rule (an empty token is another word) and through an embedding (it is zero)."""

import pytest
import spacy
from known_pipelines import CUES, NAMES, TEXTS, bare, gold
from spacy.tokens import Span
from spacy.training import Example

from spacy_causal.effects.measure import measure_effects
from spacy_causal.scorers.relaxed import score_relaxed_ner

UNKNOWN = [*TEXTS, "We heard Mrs Dora speak with Elsa"]
TYPES = {**NAMES, "Dora": "PER", "Elsa": "PER"}
LOOKUPS = {
    "names_by_rule": ("names_by_rule", {}),
    "names_by_embedding": ("lookup_ner", {"what": "names"}),
    "cues_by_rule": ("cues_by_rule", {}),
    "cues_by_embedding": ("lookup_ner", {"what": "cues"}),
}


def lookup(which):
    factory, config = LOOKUPS[which]
    nlp = spacy.blank("en")
    nlp.add_pipe(factory, config=config)
    golds = [gold(nlp.vocab, text, TYPES) for text in UNKNOWN]
    return nlp, golds


def value(effects, table, name, label=None):
    found = effects.tables[table]
    return (found.overall if label is None else found.per_type[label])[name].value


@pytest.mark.parametrize("level", ["entity", "token"])
@pytest.mark.parametrize("which", LOOKUPS)
def test_relative_importance_is_f1_or_its_opposite(which, level):
    nlp, golds = lookup(which)
    effects = measure_effects(nlp, golds, samples=20)
    f1 = value(effects, level, "f1")
    reads_entities = which.startswith("names")
    assert 0.8 < f1 < 1
    assert value(effects, level, "ri") == pytest.approx(f1 if reads_entities else -f1)
    read, unread = ("ace_e", "ace_c") if reads_entities else ("ace_c", "ace_e")
    assert value(effects, level, read) == pytest.approx(-f1)
    assert value(effects, level, unread) == 0
    per_type = effects.tables[level].per_type
    assert list(per_type) == ["LOC", "PER"]
    for label in per_type:
        f1 = value(effects, level, "f1", label)
        sign = 1 if reads_entities else -1
        assert value(effects, level, "ri", label) == pytest.approx(sign * f1)


def test_f1_is_what_the_scorer_says():
    nlp, golds = lookup("cues_by_rule")
    examples = [Example(nlp(bare(nlp, doc)), doc) for doc in golds]
    f1 = value(measure_effects(nlp, golds, samples=0), "entity", "f1")
    assert f1 == score_relaxed_ner(examples)["ents_relaxed_f"]


def test_a_half_read_name():
    """Reads names, but also what precedes them: both interventions cost."""
    nlp, golds = lookup("names_by_rule")

    @spacy.Language.component("names_after_cues", assigns=["doc.ents"])
    def names_after_cues(doc):
        kept = [e for e in doc.ents if e.start and doc[e.start - 1].text in CUES]
        doc.set_ents([Span(doc, e.start, e.end, e.label_) for e in kept])
        return doc

    nlp.add_pipe("names_after_cues")
    effects = measure_effects(nlp, golds, samples=0)
    assert value(effects, "entity", "ace_c") == value(effects, "entity", "ace_e") < 0
    assert value(effects, "entity", "ri") == 0


def test_the_output_says_what_was_substituted():
    nlp, golds = lookup("names_by_rule")
    effects = measure_effects(nlp, golds, samples=0)
    assert effects.substituted == ("names_by_rule",)
    assert effects.to_dict()["substituted"] == ["names_by_rule"]
    nlp, golds = lookup("names_by_embedding")
    assert measure_effects(nlp, golds, samples=0).substituted == ()
