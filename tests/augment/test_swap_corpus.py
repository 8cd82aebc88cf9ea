"""A corpus with screened entity swaps, as a config names it."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import spacy
from named_texts import NAMES, TEXTS, content, docs_of, knowing, write_corpus
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Config

from spacy_causal.augment import corpus as corpus_module
from spacy_causal.augment.corpus import create_counterfactual_corpus
from spacy_causal.augment.provenance import get_provenance
from spacy_causal.corpus.reader import create_corpus
from spacy_causal.targets.token_targets import TokenTargets, get_targets, set_targets


@pytest.fixture
def trained(tmp_path):
    knowing({n: x for n, x in NAMES.items() if n != "Rome"}).to_disk(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def corpus(nlp, tmp_path):
    return create_corpus(write_corpus(tmp_path / "corpus.spacy", docs_of(nlp)))


@pytest.fixture
def loads(monkeypatch):
    """How often a pipeline was loaded."""
    loaded = []
    load = spacy.load
    monkeypatch.setattr(spacy, "load", lambda m, **k: loaded.append(m) or load(m, **k))
    return loaded


def generated(examples):
    return [e for e in examples if get_provenance(e.reference)]


class TestCorpus:
    def test_it_screens_with_a_trained_pipeline(self, nlp, corpus, trained):
        every = create_counterfactual_corpus(corpus, per_example=4)(nlp)
        kept = create_counterfactual_corpus(corpus, model=trained, per_example=4)(nlp)
        assert 0 < len(generated(kept)) < len(generated(every))
        donors = [
            swap["donor"]
            for e in generated(kept)
            for swap in get_provenance(e.reference)["swaps"]
        ]
        assert "Rome" not in donors and "Oslo" in donors
        assert len(kept) - len(generated(kept)) == len(TEXTS)

    def test_it_generates_once(self, nlp, corpus, trained, loads):
        read = create_counterfactual_corpus(corpus, model=trained, per_example=3)
        first, again = content([read(nlp)]), content([read(nlp)])
        assert first == again and len(loads) == 1
        other = spacy.blank("en")
        assert content([read(other)]) == first and len(loads) == 1
        assert all(e.reference.vocab is other.vocab for e in read(other))

    def test_predicted_docs_are_fresh_each_time(self, nlp, corpus):
        read = create_counterfactual_corpus(corpus)
        for example in generated(read(nlp)):
            example.predicted.set_ents([], default="outside")
        assert not any(
            e.predicted.has_annotation("ENT_IOB") for e in generated(read(nlp))
        )

    def test_other_data_is_augmented_anew(self, nlp, tmp_path):
        path = tmp_path / "corpus.spacy"
        write_corpus(path, docs_of(nlp)[:1] + docs_of(nlp)[3:])
        read = create_counterfactual_corpus(create_corpus(path))
        assert len(read(nlp)) == 3
        write_corpus(path, docs_of(nlp))
        assert len(generated(read(nlp))) >= 3

    def test_other_categories_are_other_data(self, nlp, tmp_path):
        path = tmp_path / "corpus.spacy"
        read = create_counterfactual_corpus(create_corpus(path))
        for cats in ({"news": 1.0}, {"news": 0.0}):
            docs = docs_of(nlp)
            for doc in docs:
                doc.cats = dict(cats)
            write_corpus(path, docs)
            made = generated(read(nlp))
            assert made and all(e.reference.cats == cats for e in made)

    def test_a_folder_keeps_it_from_run_to_run(
        self, nlp, corpus, trained, loads, tmp_path
    ):
        def read(**settings):
            settings = {"model": trained, "cache": tmp_path / "cache", **settings}
            return content([create_counterfactual_corpus(corpus, **settings)(nlp)])

        assert read() == read() and len(loads) == 1
        nlp.vocab.strings.add("a word that was read since")
        assert read() and len(loads) == 1
        assert read(seed=1) != read() and len(loads) == 2
        knowing({"Ada": "PER"}).to_disk(trained)
        read()
        assert len(loads) == 3, "another discriminator says something else"
        assert {p.suffix for p in (tmp_path / "cache").iterdir()} == {".spacy"}

    def test_order(self, nlp, corpus):
        first = create_counterfactual_corpus(corpus, order="augmented_first")(nlp)
        marks = [bool(get_provenance(e.reference)) for e in first]
        assert marks == sorted(marks, reverse=True) and len(set(marks)) == 2
        mixed = create_counterfactual_corpus(corpus)(nlp)
        assert sorted(content([mixed])) == sorted(content([first]))
        with pytest.raises(ValueError, match="order"):
            create_counterfactual_corpus(corpus, order="last")

    def test_donors_from_outside(self, nlp, corpus, tmp_path):
        model = tmp_path / "other"
        knowing(NAMES | {"Zoe Day": "PER"}).to_disk(model)
        unlabelled = [nlp.make_doc("Zoe Day sang")]
        donors = create_corpus(write_corpus(tmp_path / "more.spacy", unlabelled))
        read = create_counterfactual_corpus(
            corpus, model=model, donors=donors, per_example=6
        )
        assert any("Zoe Day" in e.reference.text for e in read(nlp))
        with pytest.raises(ValueError, match="need a model"):
            create_counterfactual_corpus(corpus, donors=donors)
        asked = create_counterfactual_corpus(
            corpus, model=model, donors=donors, donor_score=0.5
        )
        with pytest.raises(ValueError, match="needs a pipeline with a 'causal_ner'"):
            list(asked(nlp))

    def test_the_score_of_donors_is_that_of_the_command(self, corpus, trained):
        for score, donors, says in ((0.5, None, "goes with donors"), (2, corpus, "2")):
            with pytest.raises(ValueError, match=says):
                create_counterfactual_corpus(
                    corpus, model=trained, donors=donors, donor_score=score
                )

    def test_targets_go_along(self, nlp, tmp_path):
        rows = np.float32([[1, 0], [0, 1], [1, 0], [0.5, 0.5]])
        docs = [
            Doc(nlp.vocab, words=["saw", name, "go", "by"]) for name in ("Ada", "Cy")
        ]
        for doc in docs:
            set_targets(doc, "ner", TokenTargets("io", ("O", "I-PER"), rows))
        path = write_corpus(tmp_path / "targets.spacy", docs)
        made = generated(create_counterfactual_corpus(create_corpus(path))(nlp))
        assert sorted(e.reference[1].text for e in made) == ["Ada", "Cy"]
        for example in made:
            got = get_targets(example.reference, "ner").rows
            np.testing.assert_array_equal(got, rows)

    def test_a_config_names_it(self, nlp, tmp_path, trained):
        path = write_corpus(tmp_path / "corpus.spacy", docs_of(nlp))
        config = {
            "corpus": {
                "@readers": "spacy-causal.CounterfactualCorpus.v1",
                "model": str(trained),
                "cache": str(tmp_path / "cache"),
                "corpus": {"@readers": "spacy-causal.Corpus.v1", "path": str(path)},
            }
        }
        read = registry.resolve(config)["corpus"]
        assert generated(read(nlp))
        assert len(list((tmp_path / "cache").iterdir())) == 1

    def test_the_config_of_its_page(self, nlp, tmp_path, monkeypatch):
        page = Path(__file__).parents[2] / "docs" / "counterfactuals.md"
        (block,) = re.findall(r"```ini\n(.*?)```", page.read_text("utf8"), re.DOTALL)
        monkeypatch.chdir(tmp_path)
        for folder in ("training", "corpus"):
            Path(folder).mkdir()
        knowing(NAMES).to_disk("training/model-best")
        write_corpus(Path("corpus/train.spacy"), docs_of(nlp))
        read = registry.resolve(Config().from_str(f"[corpora]\n\n{block}"))["corpora"][
            "train"
        ]
        assert generated(read(nlp)) and len([*Path("corpus/cache").iterdir()]) == 1

    def test_other_predicted_tokens_are_other_data(self, nlp, tmp_path):
        """A swap that is fine on the reference's tokens may break the tokenizer's."""
        doc = Doc(nlp.vocab, words=["Rome", "'s-x", "."], spaces=[False] * 3)
        doc.set_ents([doc.char_span(0, 4, "LOC")], default="outside")
        other = Doc(nlp.vocab, words=["U.K"], ents=["B-LOC"])
        path = write_corpus(tmp_path / "gold.spacy", [doc, other])
        kept = []
        for gold_preproc in (True, False):
            corpus = create_corpus(path, gold_preproc=gold_preproc)
            read = create_counterfactual_corpus(corpus, cache=tmp_path / "cache")
            kept.append(generated(read(nlp)))
            for example in kept[-1]:
                (ent,) = example.reference.ents
                span = example.predicted.char_span(ent.start_char, ent.end_char)
                assert span is not None, example.reference.text
        assert len(kept[0]) > len(kept[1])

    def test_bounds_that_leave_nothing_are_refused_at_once(self, corpus):
        for low, high in ((0.9, 0.1), (0.0, 7.0)):
            with pytest.raises(ValueError, match="No score lies between"):
                create_counterfactual_corpus(
                    corpus, model="none", min_score=low, max_score=high
                )


def test_no_pipeline_loads_before_it_is_needed(corpus, loads):
    create_counterfactual_corpus(corpus, model="no_such_model")
    assert not loads and sys.modules[corpus_module.__name__]


def test_like_donors_take_a_model(corpus):
    with pytest.raises(ValueError, match="similar donors"):
        create_counterfactual_corpus(corpus, like=3)
