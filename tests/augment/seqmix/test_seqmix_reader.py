"""`spacy-causal.SeqMixCorpus.v1`, alone and under `spacy train`."""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import spacy
from mixable import docs_of, pipeline_with_vectors, write_corpus
from spacy.cli.train import train
from spacy.util import registry
from thinc.api import Config

from spacy_causal.augment import reading
from spacy_causal.augment.seqmix.provenance import get_mix
from spacy_causal.augment.seqmix.reader import scheme_of
from spacy_causal.augment.verdicts import KEPT
from spacy_causal.corpus.reader import create_corpus
from spacy_causal.targets.token_targets import get_targets

CONFIG = Path(__file__).parents[3] / "configs" / "cnn.cfg"
SMALL = {"window": 3, "density": 0.3, "rate": 1.0}
READER = "spacy-causal.SeqMixCorpus.v1"


@pytest.fixture
def files(tmp_path):
    docs = docs_of(spacy.blank("en").vocab)
    pipeline_with_vectors(docs).to_disk(tmp_path / "model")
    return write_corpus(tmp_path / "train.spacy", docs), tmp_path / "model"


def reader(files, **options):
    source, model = files
    create = registry.readers.get(READER)
    return create(create_corpus(source), model=model, **{**SMALL, **options})


def read(corpus, nlp=None):
    return list(corpus(nlp or spacy.blank("en")))


def mixed(examples):
    return [eg.reference for eg in examples if get_mix(eg.reference)]


def test_its_examples_and_mixed_ones(files):
    examples = read(reader(files))
    made = mixed(examples)
    assert len(made) == 6 and len(examples) == 12
    for doc in made:
        assert get_targets(doc, "ner").scheme == "biluo"


def test_order(files):
    examples = read(reader(files, order="augmented_first"))
    flags = [get_mix(eg.reference) is not None for eg in examples]
    assert flags == [True] * 6 + [False] * 6
    shuffled = [get_mix(e.reference) is not None for e in read(reader(files, seed=1))]
    assert sorted(shuffled) == sorted(flags) and shuffled != flags


def test_generated_once(files, monkeypatch):
    corpus = reader(files)
    first = [d.to_bytes() for d in mixed(read(corpus))]
    monkeypatch.setattr(spacy, "load", None)
    assert [d.to_bytes() for d in mixed(read(corpus))] == first


def test_kept_from_run_to_run(files, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    made = [d.text for d in mixed(read(reader(files, cache=cache)))]
    assert len(list(cache.iterdir())) == 1
    monkeypatch.setattr(spacy, "load", None)
    again = mixed(read(reader(files, cache=cache)))
    assert [d.text for d in again] == made
    assert all(get_targets(d, "ner") is not None for d in again)
    with pytest.raises(TypeError):
        read(reader(files, cache=cache, rate=0.5))


def test_words_of_a_given_vocabulary(files, tmp_path):
    more = [f"word{i}" for i in range(200)]
    docs = docs_of(spacy.blank("en").vocab)
    pipeline_with_vectors(docs, more).to_disk(tmp_path / "model")
    vocabulary, cache = tmp_path / "words.txt", tmp_path / "cache"
    made = []
    for words in ([], more, more):
        vocabulary.write_text("\n".join(["", *words]))
        corpus = reader(files, vocabulary=vocabulary, cache=cache, rate=2.0)
        made.append({token.text for doc in mixed(read(corpus)) for token in doc})
    assert not made[0] & set(more) and made[1] & set(more)
    assert made[1] == made[2] and len(list(cache.iterdir())) == 2


@dataclass(frozen=True)
class KeepAll:
    """A screen by a model in a folder."""

    model: str

    def __call__(self, docs):
        return lambda made: [KEPT] * len(made)


def test_a_language_model_that_was_trained_on_is_another(files, tmp_path):
    cache, weights = tmp_path / "cache", tmp_path / "lm" / "weights"
    weights.parent.mkdir()
    for written in ("1", "2", "2"):
        weights.write_text(written)
        read(reader(files, cache=cache, screen=KeepAll(str(weights.parent))))
    assert len(list(cache.iterdir())) == 2


def keep_all(docs):
    return lambda made: [KEPT] * len(made)


def test_a_screen_that_shows_no_settings_is_not_cached(files, tmp_path):
    assert len(mixed(read(reader(files, screen=keep_all)))) == 6
    for screen in (keep_all, partial(keep_all), lambda docs: keep_all(docs)):
        with pytest.raises(ValueError, match="show its settings"):
            reader(files, screen=screen, cache=tmp_path / "cache")


def test_another_version_generates_anew(files, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    for version in ("1", "2", "2"):
        monkeypatch.setattr(reading, "__version__", version)
        read(reader(files, cache=cache))
    assert len(list(cache.iterdir())) == 2


def test_outside_and_tries(files):
    everywhere = reader(files, outside=[], density=1.0, rate=20.0)
    within = reader(files, density=1.0, rate=20.0)
    assert len(mixed(read(everywhere))) > len(mixed(read(within)))
    ngram = registry.misc.get("spacy-causal.ngram_perplexity.v1")
    for tries in (1, 50):
        settings = reader(files, tries=tries, screen=ngram(high=50)).settings
        assert (settings.tries, settings.outside) == (tries, ("O",))
    with pytest.raises(ValueError, match="one try"):
        reader(files, tries=0)


def test_screened(files):
    ngram = registry.misc.get("spacy-causal.ngram_perplexity.v1")
    screen = ngram(low=0, high=1e9, unit="perplexity")
    made = mixed(read(reader(files, screen=screen)))
    assert made and all(get_mix(d)["perplexity"] > 1 for d in made)
    assert not mixed(read(reader(files, screen=ngram(high=0, unit="perplexity"))))


@pytest.mark.parametrize("scheme", ["io", "bio", "biluo"])
def test_spelled_as_the_component_spells(files, scheme):
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_ner", config={"scheme": scheme})
    assert scheme_of(nlp, "ner") == scheme
    made = mixed(read(reader(files), nlp))
    assert {get_targets(d, "ner").scheme for d in made} == {scheme}
    assert scheme_of(nlp, "tag") == "token"


def test_without_a_labeller_spelled_as_causal_ner_is_by_itself():
    nlp = spacy.blank("en")
    alone = scheme_of(nlp, "ner")
    assert nlp.add_pipe("causal_ner").tag_set.scheme == alone


def test_what_it_does_not_know_is_refused(files):
    with pytest.raises(ValueError, match="Unknown order"):
        reader(files, order="last")
    with pytest.raises(ValueError, match="Unknown layer"):
        reader(files, layer="dep")


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
def test_spacy_trains_on_them(files, tmp_path, scheme):
    source, model = files
    corpus = {"@readers": "spacy-causal.Corpus.v1", "path": str(source)}
    screen = {"@misc": "spacy-causal.ngram_perplexity.v1"}
    overrides = {
        "paths.train": str(source),
        "paths.dev": str(source),
        "training.max_steps": 2,
        "training.eval_frequency": 1,
        "components.causal_ner.scheme": scheme,
        "corpora.train": {
            "@readers": READER,
            "corpus": corpus,
            "model": str(model),
            "cache": str(tmp_path / "cache"),
            "screen": screen,
            **SMALL,
        },
    }
    train(CONFIG, tmp_path / "output", overrides=overrides)
    nlp = spacy.load(tmp_path / "output" / "model-last")
    assert nlp.get_pipe("causal_ner").labels == ("LOC", "ORG", "PER")


def test_the_config_of_its_page(files, tmp_path, monkeypatch):
    page = Path(__file__).parents[3] / "docs" / "seqmix.md"
    (block,) = re.findall(r"```ini\n(.*?)```", page.read_text("utf8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for was, now in zip(
        files, ("corpus/train.spacy", "training/model-best"), strict=True
    ):
        Path(now).parent.mkdir()
        was.rename(now)
    read_page = registry.resolve(Config().from_str(f"[corpora]\n\n{block}"))["corpora"][
        "train"
    ]
    assert len(mixed(read(read_page))) == 1
    assert len([*Path("corpus/cache").iterdir()]) == 1


def test_soft_labels_that_nothing_learns_from_are_said(files):
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    with pytest.warns(UserWarning, match="soft labels of 'ner'.*hardened"):
        read(reader(files), nlp)
    nlp.add_pipe("causal_ner")
    read(reader(files), nlp)
    with pytest.warns(UserWarning, match="soft labels of 'tag'"):
        read(reader(files, layer="tag"), nlp)


def test_a_component_that_would_learn_that_there_are_no_spans(files):
    source, model = files
    docs = docs_of(spacy.blank("en").vocab)
    for key in ("sc", "other"):
        for doc in docs:
            doc.spans[key] = list(doc.ents)
    write_corpus(source, docs)
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_ner")
    nlp.add_pipe("spancat", config={"spans_key": "mine"})
    read(reader((source, model)), nlp)
    nlp.add_pipe("spancat", name="second")
    with pytest.warns(UserWarning, match="no span groups: second would learn"):
        read(reader((source, model)), nlp)


def test_ner_trains_on_hardened_ones(files, tmp_path):
    nlp = spacy.blank("en")
    ner = nlp.add_pipe("ner")
    examples = read(reader(files, hardened=True, rate=2.0), nlp)
    assert len(mixed(examples)) > 6
    nlp.initialize(lambda: examples)
    assert set(ner.labels) == {"LOC", "ORG", "PER"}
    losses = nlp.update(examples)
    assert losses["ner"] > 0
