"""The corpora that the benchmarks read, as Docs."""

import os
import sys
from itertools import islice
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_causal.corpus.convert import Summary, read_docs
from spacy_causal.corpus.records import Options

CORPORA = Path(os.environ.get("SPACY_CAUSAL_CORPORA", "."))


def find_corpus(path: str, forms: str = "") -> Path:
    """A file in the folder that SPACY_CAUSAL_CORPORA names.

    forms (str): What it is read as, for what is said.
    Raises FileNotFoundError where it is not there.
    """
    place = CORPORA / path
    if not place.exists():
        raise FileNotFoundError(
            f"{place} is not there: SPACY_CAUSAL_CORPORA names the folder of corpora, "
            f"and this one is read from {path} in it{forms}."
        )
    return place


def read_corpus(
    path: Path,
    vocab: Vocab,
    options: Options | None = None,
    *,
    limit: int | None = None,
) -> list[Doc]:
    """A file's annotated Docs, or the first of them; records that cannot be read are
    said, and left out."""
    summary = Summary()
    found = islice(read_docs(path, options or Options(), summary), limit)
    docs = [Doc(vocab).from_bytes(doc.to_bytes()) for _, doc in found]
    for problem in summary.problems:
        print("Left out:", problem, file=sys.stderr)
    return docs
