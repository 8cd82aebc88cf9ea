"""`.spacy` files: written whole or not at all, and read with what Docs carry."""

import zlib
from collections.abc import Iterator
from pathlib import Path

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_causal.files import write_whole
from spacy_causal.targets.token_targets import register_extension

SUFFIX = ".spacy"


def empty_docbin() -> DocBin:
    """A DocBin that keeps what Docs carry beside their annotation."""
    return DocBin(store_user_data=True)


def write_docbin(path: Path, docs: DocBin) -> None:
    """Write a `.spacy` file that appears under its name only when it is complete."""
    write_whole(path, docs.to_bytes())


def read_spacy(path: Path, vocab: Vocab) -> Iterator[Doc]:
    """Yield the Docs of a `.spacy` file with their token targets.

    Raises ValueError for a file that is none.
    """
    register_extension()
    try:
        docs = empty_docbin().from_disk(path)
        yield from docs.get_docs(vocab)
    except (ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
        raise ValueError(f"{path}: not a .spacy file: {error}"[:300]) from error
