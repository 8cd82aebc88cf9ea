"""What SeqMix generates: words, labels, provenance, counts."""

import json

import numpy as np
import pytest
from mixable import doc_of, docs_of, table_of
from spacy.tokens import Doc, DocBin

from spacy_causal.augment.provenance import source_id
from spacy_causal.augment.seqmix.generate import Mixer, seqmix
from spacy_causal.augment.seqmix.parents import label_rows, tag_set_of
from spacy_causal.augment.seqmix.provenance import get_mix
from spacy_causal.augment.seqmix.settings import SeqMixSettings
from spacy_causal.corpus.files import read_spacy
from spacy_causal.tags.detect import read_spans
from spacy_causal.tags.scheme import TagSet
from spacy_causal.targets.token_targets import (
    TokenTargets,
    get_targets,
    set_targets,
)
from spacy_causal.types import Verdict

VARIANTS = ["sub", "label_constrained", "whole"]
SMALL = {"window": 3, "density": 0.3, "rate": 2.0}


@pytest.fixture
def docs(nlp):
    return docs_of(nlp.vocab)


def make(docs, seed=0, screen=None, tag_set=None, layer="ner", **options):
    settings = SeqMixSettings(**{**SMALL, **options})
    return seqmix(
        docs,
        table_of(docs),
        layer=layer,
        tag_set=tag_set,
        settings=settings,
        screen=screen,
        rng=np.random.default_rng(seed),
    )


@pytest.mark.parametrize("scheme", ["io", "bio", "biluo"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_and_words_are_those_of_the_paper(docs, variant, scheme):
    tag_set = tag_set_of(docs, "ner", scheme)
    made, counts = make(docs, variant=variant, tag_set=tag_set)
    by_id = {source_id(doc): doc for doc in docs}
    assert made and counts.kept == len(made) <= counts.wanted == 12
    for doc in made:
        mix = get_mix(doc)
        first, second = (by_id[i] for i in mix["parents"])
        (start, end), (other, _) = mix["windows"]
        targets = get_targets(doc, "ner")
        assert targets.labels == tag_set.names and targets.scheme == scheme
        own, theirs = (label_rows(d, "ner", tag_set) for d in (first, second))
        for i, row in enumerate(targets.rows):
            if not start <= i < end:
                assert doc[i].text == first[i].text
                np.testing.assert_array_equal(row, own[i])
                continue
            expected = mix["weight"] * own[i]
            expected = expected + (1 - mix["weight"]) * theirs[other + i - start]
            np.testing.assert_allclose(row, expected, atol=1e-6)
        assert mix["replaced"][0] == [t.text for t in first[start:end]]
        assert mix["tokens"] == [t.text for t in doc[start:end]]
        assert first.text != second.text
        if variant == "whole":
            assert (start, end) == (0, len(first)) and len(first) == len(second)
        if variant == "label_constrained":
            np.testing.assert_array_equal(targets.rows, own)
        if variant != "whole":
            assert end - start == 3
        assert doc.ents == () and not doc.has_annotation("ENT_IOB")


@pytest.mark.parametrize("seed", range(5))
def test_a_parent_is_never_returned_at_its_place(docs, seed):
    for doc in make(docs, seed=seed)[0]:
        mix = get_mix(doc)
        for now, *parents in zip(mix["tokens"], *mix["replaced"], strict=True):
            assert now.casefold() not in {word.casefold() for word in parents}
        assert doc.text not in {d.text for d in docs}


def test_words_are_nearest_to_the_mixed_embedding(docs):
    table = table_of(docs)
    where = {word: i for i, word in enumerate(table.words)}
    for doc in make(docs)[0]:
        mix = get_mix(doc)
        for now, a, b in zip(mix["tokens"], *mix["replaced"], strict=True):
            weight = mix["weight"]
            mixed = weight * table.vectors[where[a]]
            mixed = mixed + (1 - weight) * table.vectors[where[b]]
            distances = ((table.vectors - mixed) ** 2).sum(axis=1)
            for word, i in where.items():
                if word.casefold() in (a.casefold(), b.casefold()):
                    distances[i] = np.inf
            assert table.words[distances.argmin()].casefold() == now.casefold()


def test_same_seed_same_bytes(docs):
    once, again, other = (make(docs, seed=seed)[0] for seed in (1, 1, 2))
    assert [d.to_bytes() for d in once] == [d.to_bytes() for d in again]
    assert [d.text for d in once] != [d.text for d in other]


def test_one_share_for_the_whole_window_and_the_other_text(docs):
    made, _ = make(docs)
    for one, two in zip(made[::2], made[1::2], strict=True):
        a, b = get_mix(one), get_mix(two)
        assert a["parents"] == b["parents"][::-1]
        assert a["weight"] == pytest.approx(1 - b["weight"])
        assert [w.casefold() for w in a["tokens"]] == [
            w.casefold() for w in b["tokens"]
        ]


def test_shares_are_beta_distributed(docs):
    weights = [
        get_mix(doc)["weight"]
        for seed in range(30)
        for doc in make(docs, seed=seed, rate=1.0, alpha=8.0)[0][::2]
    ]
    # The variance of Beta(8, 8) is 1 / (4 · 17).
    assert np.mean(weights) == pytest.approx(0.5, abs=0.04)
    assert np.var(weights) == pytest.approx(1 / 68, rel=0.35)


def test_the_two_of_a_pair_fall_separately(docs):
    """The screen keeps one of each pair, whichever comes first."""

    def kept(doc):
        first, second = get_mix(doc)["parents"]
        return first < second

    def screen(batch):
        return [Verdict(kept(doc), "said", float(len(doc))) for doc in batch]

    mixer = Mixer.of(docs, table_of(docs), settings=SeqMixSettings(**SMALL))
    pairs: dict[frozenset, list[bool]] = {}
    for doc, verdict in mixer.run(np.random.default_rng(0), screen):
        mix = get_mix(doc)
        assert verdict.kept == kept(doc) and mix["perplexity"] == len(doc)
        places = zip(mix["parents"], map(tuple, mix["windows"]), strict=True)
        pairs.setdefault(frozenset(places), []).append(verdict.kept)
    counts, both = mixer.counts, [sorted(p) for p in pairs.values() if len(p) == 2]
    assert len(both) >= 10 and both == [[False, True]] * len(both)
    assert counts.kept == counts.wanted == sum(map(sum, pairs.values()))
    assert counts.refused == counts.generated - counts.kept >= len(both)


def test_a_mixer_runs_more_than_once(docs):
    mixer = Mixer.of(docs, table_of(docs), settings=SeqMixSettings(**SMALL))
    runs = []
    for seed in (1, 1, 2):
        made = [m.doc.to_bytes() for m in mixer.run(np.random.default_rng(seed))]
        runs.append(made)
        assert len(made) == mixer.counts.kept == mixer.counts.generated == 12
    assert runs[0] == runs[1] != runs[2]


def test_what_nobody_labelled_is_not_counted_among_the_labelled(docs, nlp):
    more = [*docs, Doc(nlp.vocab), Doc(nlp.vocab, words=["Who", "knows"])]
    counts = Mixer.of(more, table_of(docs), settings=SeqMixSettings(rate=0.5)).counts
    assert counts.wanted == 3
    assert Mixer.of(more[-2:], table_of(docs)).counts.wanted == 0


def test_a_screen_that_refuses_all_ends(docs):
    made, counts = make(
        docs, screen=lambda batch: [Verdict(False, "no", 1.0)] * len(batch), tries=3
    )
    assert made == [] and counts.kept == 0
    assert 0 < counts.refused == counts.generated <= 3 * counts.wanted


def test_a_text_that_was_there_already_counts_as_a_try(nlp, monkeypatch):
    same = [doc_of(nlp.vocab, "Oslo Rome Bonn", [(0, 3, "LOC")]) for _ in range(20)]
    tried, mixed = [], Mixer._mix
    monkeypatch.setattr(
        Mixer, "_mix", lambda self, *args: tried.extend(args[0]) or mixed(self, *args)
    )
    _, counts = make(same, rate=0.2, tries=5)
    assert counts.kept < counts.wanted == 4 and counts.pairs == 190
    assert len(tried) == 4 * 5 / 2


def test_pairs_are_counted_by_a_loop(docs):
    mixer = Mixer.of(docs, table_of(docs), settings=SeqMixSettings(**SMALL))
    tag_set = tag_set_of(docs, "ner")
    windows = []
    for n, doc in enumerate(docs):
        valid = label_rows(doc, "ner", tag_set)[:, 0] == 0
        windows += [n for i in range(len(doc) - 2) if valid[i : i + 3].sum() >= 0.9]
    pairs = sum(windows[i] != windows[j] for i in range(len(windows)) for j in range(i))
    assert (mixer.counts.windows, mixer.counts.pairs) == (len(windows), pairs)
    assert mixer.counts.sequences == len(set(windows))


def test_hardened_sequences_are_the_soft_ones(docs):
    soft, hard = (make(docs, hardened=hardened)[0] for hardened in (False, True))
    assert [d.text for d in soft] == [d.text for d in hard]
    assert [get_mix(d)["labels"] for d in soft] == [get_mix(d)["labels"] for d in hard]


@pytest.mark.parametrize("scheme", ["io", "bio", "biluo"])
def test_hardened_docs_are_annotated_for_any_component(docs, scheme):
    made, _ = make(docs, hardened=True, tag_set=tag_set_of(docs, "ner", scheme))
    assert made
    for doc in made:
        assert get_targets(doc, "ner") is None and doc.has_annotation("ENT_IOB")
        labels = get_mix(doc)["labels"]
        (start, _), _ = get_mix(doc)["windows"]
        for i, soft in enumerate(labels, start=start):
            best = max(soft, key=soft.get)
            assert doc[i].ent_type_ == best.partition("-")[2]
        tags = [
            f"{t.ent_iob_}-{t.ent_type_}" if t.ent_iob_ != "O" else "O" for t in doc
        ]
        assert read_spans(tags, "bio") == [(e.start, e.end, e.label_) for e in doc.ents]


def test_other_layers_stay_outside_the_window(docs):
    for doc in make(docs)[0]:
        (start, end), _ = get_mix(doc)["windows"]
        for token in doc:
            mixed = start <= token.i < end
            assert bool(token.tag_) == bool(token.pos_) == (not mixed)
    for doc in make(docs, layer="tag")[0]:
        mix = get_mix(doc)
        (start, end), _ = mix["windows"]
        parent = next(d for d in docs if source_id(d) == mix["parents"][0])
        whole = {e.text for e in parent.ents if e.end <= start or e.start >= end}
        assert {e.text for e in doc.ents} == whole
        assert all(not t.ent_iob for t in doc if start <= t.i < end)
        assert not any(token.tag_ for token in doc)
        assert get_targets(doc, "tag").scheme == "token"


def test_labels_that_are_not_valid_are_named(docs):
    settings = SeqMixSettings(window=1, density=1.0, outside=("PUNCT",))
    mixer = Mixer.of(docs, table_of(docs), layer="tag", settings=settings)
    n_words = sum(token.text != "." for doc in docs for token in doc)
    assert mixer.counts.windows == n_words


def test_targets_of_parents_are_mixed_too(docs):
    tag_set = tag_set_of(docs, "ner")
    soft = label_rows(docs[0], "ner", tag_set)
    soft[1] = 0
    set_targets(docs[0], "ner", TokenTargets("bio", tag_set.names, soft))
    made, _ = make(docs, rate=4.0)
    first = [d for d in made if get_mix(d)["parents"][0] == source_id(docs[0])]
    assert first
    assert all(not get_targets(d, "ner").rows[1].any() for d in first)


def test_what_cannot_be_mixed_is_refused(docs):
    with pytest.raises(ValueError, match="Unknown layer"):
        make(docs, layer="dep")
    with pytest.raises(ValueError, match="'PER' is not among LOC"):
        make(docs, tag_set=TagSet("bio", ("LOC", "ORG")))
    with pytest.raises(ValueError, match="'token' spells no entities"):
        tag_set_of(docs, "ner", "token")
    rows = label_rows(docs[0], "ner", tag_set_of(docs, "ner"))
    names = tag_set_of(docs, "ner").names
    set_targets(docs[0], "ner", TokenTargets("bio", names, rows))
    with pytest.raises(ValueError, match="scheme 'bio'"):
        make(docs, tag_set=TagSet("biluo", ("LOC", "ORG", "PER")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"variant": "all"},
        {"window": 0},
        {"density": 1.1},
        {"alpha": 0},
        {"rate": -1},
        {"tries": 0},
    ],
)
def test_settings_that_are_none(wrong):
    with pytest.raises(ValueError):
        SeqMixSettings(**wrong)


def test_corpora_without_pairs_give_nothing(docs, nlp):
    for few in ([], docs[:1], [docs[4]], [Doc(nlp.vocab), Doc(nlp.vocab)]):
        table = table_of(docs)
        made, counts = seqmix(
            few, table, settings=SeqMixSettings(rate=9), rng=np.random.default_rng(0)
        )
        assert made == [] and counts.pairs == 0


def test_a_layer_that_nobody_annotated_gives_nothing(docs, nlp):
    bare = [nlp.make_doc(doc.text) for doc in docs]
    made, counts = make(bare, layer="tag")
    assert made == [] and counts.windows == 0


def test_white_space_tokens_are_never_mixed(nlp):
    doc = Doc(nlp.vocab, words=["Oslo", "\n", "Rome"], spaces=[False, False, False])
    other = Doc(nlp.vocab, words=["Bonn", " ", "Bern"])
    for d in (doc, other):
        d.set_ents([d.char_span(0, 4, "LOC")], default="outside")
    settings = SeqMixSettings(window=3, density=0.1, rate=5)
    made, counts = seqmix(
        [doc, other],
        table_of([doc, other]),
        settings=settings,
        rng=np.random.default_rng(0),
    )
    assert counts.windows == 0 and made == []


def test_a_file_of_them_reads_the_same(docs, tmp_path, nlp):
    made, _ = make(docs)
    DocBin(store_user_data=True, docs=made).to_disk(tmp_path / "mixed.spacy")
    for doc, read in zip(
        made, read_spacy(tmp_path / "mixed.spacy", nlp.vocab), strict=True
    ):
        assert read.text == doc.text
        assert json.dumps(get_mix(read)) == json.dumps(get_mix(doc))
        was, now = get_targets(doc, "ner"), get_targets(read, "ner")
        assert was.labels == now.labels
        np.testing.assert_array_equal(was.rows, now.rows)


def test_a_type_that_is_outside_is_so_with_all_its_tags(docs):
    def windows(*outside):
        settings = SeqMixSettings(density=0.2, window=2, outside=outside)
        return Mixer.of(docs, table_of(docs), settings=settings).counts.windows

    label = next(ent.label_ for doc in docs for ent in doc.ents)
    by_type = windows("O", label)
    assert by_type == windows("O", f"B-{label}", f"I-{label}")
    assert windows("O") > by_type
    with pytest.raises(ValueError, match="There is no label 'nonsense'"):
        windows("O", "nonsense")
