"""The loop of one's own in docs/wbadge.md runs, and keeps to what it says."""

import re
from pathlib import Path

import pytest
import spacy
from numpy.random import default_rng
from spacy.tokens import Doc
from spacy.training import Example

PAGE = Path(__file__).parents[1] / "docs" / "wbadge.md"
WORDS = ["anna", "bert", "left", "met", "the", "house", "in", "paris", "rome", "noon"]
DRAWN = default_rng(0).choice(WORDS, size=(90, 14))
TEXTS = {f"t{i}": f"{' '.join(words)} {i}" for i, words in enumerate(DRAWN)}


@pytest.fixture(scope="module")
def nlp():
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_ner")
    doc = Doc(nlp.vocab, words=["Anna", "left"], ents=["B-PER", "O"])
    bare = Doc(nlp.vocab, words=["Anna", "left"])
    nlp.initialize(lambda: [Example(bare, doc)])
    return nlp


def test_its_code_picks_batch_after_batch(nlp):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf8"), re.DOTALL)
    assert len(code.strip().splitlines()) <= 12
    loop, texts, labelled = compile(code, str(PAGE), "exec"), dict(TEXTS), ["t0"]
    texts["twin"] = texts["t0"].replace(" 0", " 7")
    chosen = []
    for _ in range(3):
        namespace = {"nlp": nlp, "texts": texts, "labelled": labelled}
        exec(loop, namespace)
        batch = namespace["chosen"]
        words = sum(len(texts[id].split()) for id in batch)
        assert batch and words <= 500
        chosen += batch
    assert labelled == ["t0", *chosen]
    assert sorted(labelled) == sorted(TEXTS), "each once, and none that is like t0"
