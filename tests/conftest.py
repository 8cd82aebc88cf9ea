"""Corpora and pipelines that several tests share."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import pytest
import spacy
from hypothesis import HealthCheck, settings
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import fix_random_seed

# How long an example takes says how busy the machine is, not what is wrong. `make test`
# draws the same examples each time; plain pytest and `make explore` draw new ones.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")
settings.register_profile("repeatable", settings(), derandomize=True)

SENTENCES = [
    (
        "Anna Smith works for Acme Services in Paris .",
        [(0, 2, "PER"), (4, 6, "ORG"), (7, 8, "LOC")],
    ),
    ("The Paris office of Acme Services closed .", [(1, 2, "LOC"), (4, 6, "ORG")]),
    ("Nobody spoke .", []),
    (
        "Mr. Brown met Anna Smith near Berlin .",
        [(1, 2, "PER"), (3, 5, "PER"), (6, 7, "LOC")],
    ),
]


def annotated(words: list[str], spans: list[tuple[int, int, str]], vocab) -> Doc:
    doc = Doc(vocab, words=words)
    doc.set_ents([Span(doc, *span) for span in spans], default="outside")
    for token in doc:
        token.tag_ = "PUNCT" if token.text == "." else token.text[0].upper()
        token.pos_ = "PUNCT" if token.text == "." else "NOUN"
    return doc


def bare(doc: Doc) -> Doc:
    return Doc(doc.vocab, words=[t.text for t in doc])


# What a network starts from is drawn as spaCy and thinc do, from the global generators:
# a test's outcome is not to depend on those before it.
@pytest.fixture(autouse=True, scope="module")
def seeded_module() -> None:
    fix_random_seed(0)


@pytest.fixture(autouse=True)
def seeded(seeded_module: None) -> None:
    fix_random_seed(0)


@pytest.fixture
def nlp() -> Language:
    return spacy.blank("en")


@pytest.fixture
def examples(nlp: Language) -> list[Example]:
    docs = [annotated(text.split(), spans, nlp.vocab) for text, spans in SENTENCES]
    return [Example(bare(doc), doc) for doc in docs]


@pytest.fixture(scope="session")
def corpora_dir() -> Path:
    folder = os.environ.get("SPACY_CAUSAL_CORPORA")
    if not folder:
        pytest.skip("SPACY_CAUSAL_CORPORA names no folder with the real corpora")
    return Path(folder)


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    """A folder with a tiny BERT that reads letter by letter."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("bert")
    letters = [chr(c) for c in range(33, 127)]
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    vocab += [f"##{letter}" for letter in letters]
    (folder / "vocab.txt").write_text("\n".join(vocab))
    tokenizer = transformers.BertTokenizerFast(
        vocab_file=str(folder / "vocab.txt"), do_lower_case=False
    )
    tokenizer.save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(vocab),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=512,
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture
def bert_encoder(bert):
    """The block of a transformer that reads each text as a whole."""
    return {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": str(bert),
        "get_spans": {"@span_getters": "spacy-transformers.doc_spans.v1"},
        "tokenizer_config": {"use_fast": True},
    }


@pytest.fixture
def bert_listener():
    """What a component hears of a shared transformer."""
    return {
        "@architectures": "spacy-transformers.TransformerListener.v1",
        "grad_factor": 1.0,
        "pooling": {"@layers": "reduce_mean.v1"},
    }
