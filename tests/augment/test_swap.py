"""Every annotation that can survive a swap survives it, and nothing turns wrong."""

import numpy as np
import pytest
import spacy
from adversarial import LABELS, random_doc
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_causal.augment.bank import Donor, collect_entities
from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
from spacy_causal.augment.mentions import Mention, mentions_of
from spacy_causal.augment.provenance import get_provenance, source_id, swaps_of
from spacy_causal.augment.seqmix.provenance import get_mix, set_mix
from spacy_causal.augment.swap import Swap, swap_entities, swap_entity
from spacy_causal.corpus.files import empty_docbin
from spacy_causal.targets.token_targets import TokenTargets, get_targets, set_targets

NLP = spacy.blank("en")
DOCS = [random_doc(NLP.vocab, default_rng(seed)) for seed in range(300)]
BANK = collect_entities(DOCS)


def spans_of(doc):
    return [(s.start, s.end, s.label_) for s in doc.ents]


def check_survival(old: Doc, new: Doc):
    """Compare token by token, with an alignment made from the provenance alone."""
    swaps = swaps_of(new)
    place, shift, done = {}, 0, 0
    for swap in [*swaps, None]:
        stop = len(old) if swap is None else swap.source_start
        place |= {i: i + shift for i in range(done, stop)}
        if swap is not None:
            done = swap.source_end
            shift = swap.end - swap.source_end
            assert new[swap.start : swap.end].text == swap.donor
            assert old[swap.source_start : swap.source_end].text == swap.text
    for i, j in place.items():
        a, b = old[i], new[j]
        assert (a.text, a.whitespace_) == (b.text, b.whitespace_)
        for name in ("ent_iob", "ent_type", "ent_id", "ent_kb_id", "tag", "pos"):
            assert getattr(a, name) == getattr(b, name), name
        assert (a.lemma, a.morph, a.norm_) == (b.lemma, b.morph, b.norm_)
        assert (a.sent_start, a._.flag) == (b.sent_start, b._.flag)
    for swap in swaps:
        inside = new[swap.start : swap.end]
        assert [t.ent_iob for t in inside] == [3] + [1] * (len(inside) - 1)
        assert {t.ent_type_ for t in inside} == {swap.label}
        for t in inside:
            assert (t.tag, t.pos, t.lemma, str(t.morph)) == (0, 0, 0, "")
            assert (t.ent_id, t.ent_kb_id, t._.flag, t.dep) == (0, 0, None, 0)
        assert inside[-1].whitespace_ == old[swap.source_end - 1].whitespace_
        assert inside[0].sent_start == old[swap.source_start].sent_start
        assert {t.sent_start for t in inside[1:]} <= {-1, 0}
    assert new.has_unknown_spaces == old.has_unknown_spaces
    assert new._.notes == old._.notes and new.cats == old.cats
    assert new.user_data["own key"] == "kept"
    check_spans(old, new, place, swaps)


def check_spans(old: Doc, new: Doc, place, swaps):
    edges = {0: 0, len(old): len(new)}
    for i, j in place.items():
        edges |= {i: j, i + 1: j + 1}
    edges |= {s.source_start: s.start for s in swaps}
    edges |= {s.source_end: s.end for s in swaps}
    expected, notes, gone = [], [], 0
    replaced = {(s.source_start, s.source_end) for s in swaps}
    for span in old.spans["nested"]:
        if span.start not in edges or span.end not in edges:
            gone += 1
            continue
        kb_id = "" if (span.start, span.end) in replaced else span.kb_id_
        moved = (edges[span.start], edges[span.end])
        expected.append((*moved, span.label_, kb_id, span.id_))
        notes.append(None if (span.start, span.end) in replaced else span._.notes)
    got = [(s.start, s.end, s.label_, s.kb_id_, s.id_) for s in new.spans["nested"]]
    assert got == expected
    assert [s._.notes for s in new.spans["nested"]] == notes
    assert new.spans["nested"].attrs == {"by": "us"}
    assert list(new.spans) == list(old.spans)
    assert get_provenance(new)["dropped"] >= gone


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_what_survives(seed, all_entities):
    rng = default_rng(seed)
    old = random_doc(NLP.vocab, rng)
    before = old.to_bytes()
    mentions = mentions_of(old)
    if not mentions:
        return
    chosen = mentions if all_entities else mentions[:1]
    donors = [BANK.donors[LABELS[rng.integers(3)]] for _ in chosen]
    swaps = [
        Swap(mention, forms[rng.integers(len(forms))])
        for mention, forms in zip(chosen, donors, strict=True)
    ]
    new = swap_entities(old, swaps[::-1])
    check_survival(old, new)
    assert old.to_bytes() == before, "the source was changed"
    (read,) = DocBin(store_user_data=True, docs=[new]).get_docs(NLP.vocab)
    assert read.text == new.text
    check_survival(old, read)


def fit(example, span):
    """Whether a span of the reference is one of predicted tokens."""
    found = example.predicted.char_span(span.start_char, span.end_char)
    return found is not None and found.text == span.text


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_no_entity_is_misaligned(seed, all_entities):
    """What aligned before aligns after, and so does all that was swapped in."""
    rng = default_rng(seed)
    old = random_doc(NLP.vocab, rng)
    words = [t.text for t in old]
    predicted = NLP.make_doc(old.text)
    if old.has_unknown_spaces:
        predicted = Doc(NLP.vocab, words=words)
    source = Example(predicted, old)
    fits = [ent for ent in old.ents if fit(source, ent)]
    options = SwapSettings(3, all_entities)
    for attempt in counterfactuals(NLP, [source], BANK, options, rng):
        if attempt.example is None or not attempt.verdict.kept:
            continue
        new = attempt.example
        swaps = swaps_of(new.reference)
        check_survival(old, new.reference)
        assert new.predicted.text == new.reference.text
        assert all(fit(new, new.reference[s.start : s.end]) for s in swaps)
        for ent in fits:
            before = [s for s in swaps if s.source_start < ent.start]
            shift = sum(
                (s.end - s.start) - (s.source_end - s.source_start) for s in before
            )
            if all(s.source_start != ent.start for s in swaps):
                span = new.reference[ent.start + shift : ent.end + shift]
                assert span.text == ent.text and fit(new, span)
        if len(fits) == len(old.ents):
            found = new.get_aligned_spans_y2x(new.reference.ents)
            assert [s.text for s in found] == [e.text for e in new.reference.ents]


def test_heads_become_missing_and_sentences_stay():
    words = ["Ada", "ran", ".", "Bob", "sat", "."]
    doc = Doc(
        NLP.vocab,
        words=words,
        heads=[1, 1, 1, 4, 4, 4],
        deps=["nsubj", "ROOT", "punct"] * 2,
        ents=["B-PER", "O", "O", "B-PER", "O", "O"],
    )
    donor = Donor(("Mary", "Ann"), (True, False))
    new = swap_entity(doc, Mention(3, 4, "PER"), donor)
    assert not new.has_annotation("DEP")
    (read,) = DocBin(store_user_data=True, docs=[new]).get_docs(NLP.vocab)
    assert [s.text for s in read.sents] == ["Ada ran .", "Mary Ann sat ."]


BIO = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG")


def carrying(names, *, scheme="bio", labels=BIO, soft=None):
    doc = Doc(NLP.vocab, words=[f"w{i}" for i in range(len(names))])
    rows = np.zeros((len(names), len(labels)), dtype="f")
    for i, name in enumerate(names):
        if name != "-":
            rows[i, labels.index(name)] = 1
    if soft is not None:
        rows[soft] = 1 / len(labels)
    set_targets(doc, "ner", TokenTargets(scheme, labels, rows))
    tags = np.tile(np.float32([0.5, 0.5]), (len(names), 1))
    set_targets(doc, "tag", TokenTargets("token", ("NN", "VB"), tags))
    return doc


def rows_of(doc):
    targets = get_targets(doc, "ner")
    return [
        targets.labels[row.argmax()] if row.max() == 1 else row.sum().item()
        for row in targets.rows
    ]


def test_targets_move_and_the_donor_gets_its_own():
    doc = carrying(["O", "B-PER", "-", "O", "B-ORG", "I-ORG", "O"], soft=0)
    assert mentions_of(doc) == [Mention(4, 6, "ORG")], "token 2 may belong to the PER"
    donor = Donor(("a", "b", "c"), (True, True, False))
    new = swap_entity(doc, Mention(4, 6, "ORG"), donor)
    expected = [1.0, "B-PER", 0.0, "O", "B-ORG", "I-ORG", "I-ORG", "O"]
    assert rows_of(new) == expected
    assert not new.has_annotation("ENT_IOB"), "lost targets must teach nothing"
    tags = get_targets(new, "tag").rows
    assert tags.sum(axis=1).tolist() == [1, 1, 1, 1, 0, 0, 0, 1]
    (read,) = DocBin(store_user_data=True, docs=[new]).get_docs(NLP.vocab)
    assert rows_of(read) == expected


def test_tags_that_the_targets_lack_are_added_by_name():
    labels = ("O", "U-PER")
    doc = carrying(["O", "U-PER", "O"], scheme="biluo", labels=labels)
    donor = Donor(("a", "b"), (True, False))
    new = swap_entity(doc, mentions_of(doc)[0], donor)
    assert rows_of(new) == ["O", "B-PER", "L-PER", "O"]


@pytest.mark.parametrize(
    ("names", "soft"), [(["O", "B-PER", "O"], 1), (["O", "B-ORG", "O"], None)]
)
def test_uncertain_or_other_targets_refuse_a_swap(names, soft):
    doc = carrying(names, soft=soft)
    with pytest.raises(ValueError, match="not certain of one PER"):
        swap_entity(doc, Mention(1, 2, "PER"), Donor(("a",), (False,)))


@pytest.mark.parametrize("scheme", ["io", "bio", "biluo"])
def test_mentions_of_targets_are_those_of_the_entities(scheme):
    from spacy_causal.tags.scheme import TagSet, tags_of_spans

    spans = [(0, 1, "PER"), (2, 5, "ORG"), (6, 7, "ORG")]
    tag_set = TagSet(scheme, ("PER", "ORG"))
    names = tags_of_spans(tag_set, spans, 8)
    doc = carrying(names, scheme=scheme, labels=tag_set.names)
    assert mentions_of(doc) == [Mention(*span) for span in spans]


def test_overlapping_mentions_are_refused():
    doc = Doc(NLP.vocab, words=["a", "b", "c"])
    donor = Donor(("x",), (False,))
    swaps = [Swap(Mention(0, 2, "PER"), donor), Swap(Mention(1, 3, "PER"), donor)]
    with pytest.raises(ValueError, match="overlap"):
        swap_entities(doc, swaps)


def test_provenance_survives_a_file():
    doc = Doc(NLP.vocab, words=["Ada", "ran"], ents=["B-PER", "O"])
    new = swap_entity(doc, Mention(0, 1, "PER"), Donor(("Bo", "Li"), (True, False)))
    docs = empty_docbin()
    docs.add(new)
    (read,) = docs.get_docs(NLP.vocab)
    (swap,) = swaps_of(read)
    assert (swap.text, swap.donor, swap.label) == ("Ada", "Bo Li", "PER")
    assert (swap.source_start, swap.source_end, swap.start, swap.end) == (0, 1, 0, 2)
    assert get_provenance(read)["source"] == source_id(doc)


def test_how_a_mixed_source_was_mixed_is_said_of_the_source_alone():
    doc = Doc(NLP.vocab, words=["Ada", "ran", "far"], ents=["B-PER", "O", "O"])
    set_mix(doc, parents=["1", "2"], windows=[[1, 3], [0, 2]], tokens=["ran", "far"])
    new = swap_entity(doc, Mention(0, 1, "PER"), Donor(("Bo", "Li"), (True, False)))
    assert get_mix(new) is None and new._.seqmix is None
    assert get_mix(doc)["windows"] == [[1, 3], [0, 2]]


def test_adjacent_entities_of_a_type_stay_two():
    doc = Doc(NLP.vocab, words=["a", "b", "c"])
    doc.set_ents([Span(doc, 0, 1, "PER"), Span(doc, 1, 3, "PER")])
    new = swap_entity(doc, Mention(0, 1, "PER"), Donor(("x", "y"), (True, False)))
    assert spans_of(new) == [(0, 2, "PER"), (2, 4, "PER")]
