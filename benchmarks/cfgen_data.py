"""The corpora of CFGen's protocol: a pool to draw training sentences from, and fixed
development and test text."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import spacy
from corpora import CORPORA, read_corpus
from numpy.random import default_rng
from spacy.tokens import Doc
from spacy.util import filter_spans
from spacy.vocab import Vocab

from spacy_causal.corpus.records import Options

PRIVATE = {
    "idiag": "IDiag was made by CFGen's authors from hospital records and is private "
    "to them: no row can be run."
}
CNER_TYPE, CNER_NAME = "疾病和诊断", "disease"
SPLIT_SEED = 0
# Sentences of English text that are scored, spread evenly over the file.
SCORED = {"dev": 750, "test": 1000}


@dataclass(frozen=True, eq=False)
class Corpus:
    """Annotated Docs, in the vocabulary only where they are trained on or scored.

    pool (list[Doc]): Training sentences are drawn from here; the rest is text without
        labels.
    watched (list[Doc]): A third of dev; checkpoints are chosen on it.
    scored (list[Doc]): The rest of dev, or test.
    """

    lang: str
    vocab: Vocab
    labels: list[str]
    pool: list[Doc]
    watched: list[Doc]
    scored: list[Doc]

    def draw(self, n: int, seed: int) -> tuple[list[Doc], list[Doc]]:
        """N training sentences, and the others; a larger N has those of a smaller."""
        order = default_rng([seed, 0]).permutation(len(self.pool)).tolist()
        drawn = [moved(self.pool[i], self.vocab) for i in order[:n]]
        return drawn, [self.pool[i] for i in order[n:]]


def load(name: str, split: str) -> Corpus:
    """Read a corpus.

    split (str): What is scored: "dev" or "test".
    Raises ValueError for a corpus that is private or unknown, or a missing file.
    """
    if name in PRIVATE:
        raise ValueError(PRIVATE[name])
    if name not in READERS:
        raise ValueError(f"No corpus {name!r}: one of {', '.join(READERS)}.")
    lang, read = READERS[name]
    vocab = spacy.blank(lang).vocab
    pool, dev, test = read()
    labels = sorted({ent.label_ for doc in pool for ent in doc.ents})
    scored = test if split == "test" else [d for i, d in enumerate(dev) if i % 3]
    watched, scored = (
        [moved(doc, vocab) for doc in sorted(docs, key=len)]
        for docs in (dev[::3], scored)
    )
    return Corpus(lang, vocab, labels, pool, watched, scored)


Parts = tuple[list[Doc], list[Doc], list[Doc]]


def read_cluener() -> Parts:
    """Labelled train and dev pooled and cut anew: 9,674 / 1,208 / 1,208 texts."""
    options = Options(lang="zh", by_character=True)
    files = [
        existing(CORPORA / f"cluener2020/{name}.json") for name in ("train", "dev")
    ]
    docs = [doc for file in files for doc in read(file, options)]
    return cut_tenths(docs)


def read_conll() -> Parts:
    """CoNLL-2003; dev and test thinned."""
    folder = CORPORA / "conll2003"
    names = ("eng.train", "eng.testa", "eng.testb")
    pool, dev, test = (read(existing(folder / n)) for n in names)
    return pool, spread(dev, SCORED["dev"]), spread(test, SCORED["test"])


def read_fewnerd() -> Parts:
    """Few-NERD INTER: no other files carry these 36 types, so that the pool is the
    test file without a tenth for dev, and test is the dev file without what the test
    file has too."""
    folder = CORPORA / "fewnerd_inter"
    both = read(existing(folder / "test.txt"))
    known = {doc.text for doc in both}
    test = [d for d in read(existing(folder / "dev.txt")) if d.text not in known]
    pool = [doc for i, doc in enumerate(both) if i % 10]
    return pool, spread(both[::10], SCORED["dev"]), spread(test, SCORED["test"])


def read_cner() -> Parts:
    """CCKS-2019 CNER, task 1, of a user who has it: diseases only, cut in tenths."""
    folder = CORPORA / "ccks2019"
    files = sorted(folder.glob("*.txt")) + sorted(folder.glob("*.json"))
    if not files:
        raise ValueError(
            "CCKS-2019 CNER comes from the challenge alone: put its files of task 1 "
            "(.txt or .json, one record a line with originalText and entities) in "
            f"{folder}."
        )
    vocab = spacy.blank("zh").vocab
    return cut_tenths([doc for file in files for doc in cner_docs(file, vocab)])


def cner_docs(path: Path, vocab: Vocab) -> Iterator[Doc]:
    """The records of a CNER file, by characters; of overlapping spans the longest.

    Raises ValueError, with file and line, for what is none.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            doc = characters(record["originalText"], vocab)
            spans = [
                doc.char_span(e["start_pos"], e["end_pos"], label=CNER_NAME)
                for e in record["entities"]
                if e["label_type"] == CNER_TYPE
            ]
            doc.set_ents(filter_spans([span for span in spans if span is not None]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path}:{number}: no record of CNER: {error!r}"
            ) from error
        yield doc


def characters(text: str, vocab: Vocab) -> Doc:
    """A Doc of characters; a blank between two is no token."""
    words = [c for c in text if c != " "]
    spaces = [text[i + 1 : i + 2] == " " for i, c in enumerate(text) if c != " "]
    return Doc(vocab, words=words, spaces=spaces)


READERS: dict[str, tuple[str, Callable[[], Parts]]] = {
    "cluener": ("zh", read_cluener),
    "cner": ("zh", read_cner),
    "conll2003": ("en", read_conll),
    "fewnerd_inter": ("en", read_fewnerd),
}


def read(path: Path, options: Options | None = None) -> list[Doc]:
    """A file's annotated Docs; empty ones are left out."""
    vocab = spacy.blank((options or Options()).lang).vocab
    return [doc for doc in read_corpus(path, vocab, options) if len(doc)]


def moved(doc: Doc, vocab: Vocab) -> Doc:
    """A copy in another vocabulary."""
    return Doc(vocab).from_bytes(doc.to_bytes())


def existing(path: Path) -> Path:
    """The path, if there is a file."""
    if not path.exists():
        raise ValueError(
            f"There is no {path}: SPACY_CAUSAL_CORPORA names the folder of the corpora."
        )
    return path


def cut_tenths(docs: list[Doc]) -> Parts:
    """Shuffled, a tenth each for dev and test; the paper has 1,208 of 12,090."""
    order = default_rng(SPLIT_SEED).permutation(len(docs)).tolist()
    n = len(docs) * 1208 // 12090
    cut = [docs[i] for i in order]
    return cut[2 * n :], cut[:n], cut[n : 2 * n]


def spread(docs: list[Doc], n: int) -> list[Doc]:
    """N of the Docs, evenly over their order."""
    n = min(n, len(docs))
    return [docs[i * len(docs) // n] for i in range(n)]
