"""Texts of a pool from files, with where each of them stands."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import spacy
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_causal.corpus.build import Builder, build_doc
from spacy_causal.corpus.csv_texts import read_csv
from spacy_causal.corpus.files import SUFFIX, read_spacy
from spacy_causal.corpus.lines import read_lines
from spacy_causal.corpus.records import Options, Problem, TextRecord, TokenRecord
from spacy_causal.corpus.texts import load_text

Split = Literal["sents", "lines", "none"]
JSON = (".jsonl", ".json", ".ndjson")
CSV = ".csv"
# Fields written out with a chosen text; a whole pool is in memory, so no more are kept.
KEPT = ("id", "meta")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of a pool, and where it was found.

    line (int): Of the file, from 1; in a `.spacy` file the document.
    start, end (int): Characters of the source text, half-open.
    doc (Doc | None): Where the file says how it is cut into tokens.
    record (dict[str, Any]): The "id" and "meta" that stood beside the text, if any.
    """

    text: str
    line: int
    start: int
    end: int
    doc: Doc | None = None
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its line and first character."""
        return f"{self.line}:{self.start}"


def read_passages(
    path: Path, vocab: Vocab, split: Split = "none"
) -> Iterator[Passage | Problem]:
    """Yield the texts of a `.jsonl` file (objects with a "text", and "tokens" if they
    have any), of a `.csv` file (the column "text"), of a `.spacy` file, or of any other
    file, in which each line is one; what cannot be read is a problem.

    split (str): Cut each text into sentences (by punctuation, where a Doc does not say)
        or lines. White space at the ends is left out, but not a Doc's tokens; and so
        is what has nothing else.
    """
    if split not in ("sents", "lines", "none"):
        raise ValueError(f"A split is sents, lines or none, not {split!r}.")
    for whole in _read_wholes(path, vocab):
        if isinstance(whole, Problem):
            yield whole
        elif whole.doc is not None and (split != "lines" or path.suffix == SUFFIX):
            yield from _parts_of_doc(whole, whole.doc, split)
        else:
            yield from _parts_of_text(whole, vocab.lang, split)


def cut_texts(whole: Passage, lang: str, split: Split) -> Iterator[str]:
    """The texts alone that a passage is cut into; a Doc is also cut into lines, as no
    tokens are asked for."""
    if whole.doc is None or split == "lines":
        parts = _parts_of_text(whole, lang, split)
    else:
        parts = _parts_of_doc(whole, whole.doc.copy(), split)
    yield from (part.text for part in parts)


def _read_wholes(path: Path, vocab: Vocab) -> Iterator[Passage | Problem]:
    if path.suffix == SUFFIX:
        return _read_docs(path, vocab)
    if path.suffix in JSON:
        return _read_objects(path, vocab)
    return _read_rows(path) if path.suffix == CSV else _read_lines(path)


def _read_docs(path: Path, vocab: Vocab) -> Iterator[Passage | Problem]:
    try:
        for number, doc in enumerate(read_spacy(path, vocab), start=1):
            yield Passage(doc.text, number, 0, len(doc.text), doc)
    except (ValueError, OSError) as error:
        yield Problem(path, 1, str(error))


def _read_objects(path: Path, vocab: Vocab) -> Iterator[Passage | Problem]:
    builder = Builder(vocab, Tokenizer(vocab), Options(), None)
    for line in read_lines(path):
        if isinstance(line, Problem):
            yield line
        elif line[1].strip():
            found = load_text(path, *line)
            yield found if isinstance(found, Problem) else _passage(*found, builder)


def _passage(
    value: dict[str, Any], record: TextRecord | TokenRecord, builder: Builder
) -> Passage | Problem:
    kept = {key: value[key] for key in KEPT if key in value}
    if isinstance(record, TextRecord) and record.tokens is None:
        return Passage(record.text, record.line, 0, len(record.text), None, kept)
    try:
        doc = build_doc(record, builder)
    except ValueError as error:
        return Problem(record.path, record.line, str(error)[:200])
    return Passage(doc.text, record.line, 0, len(doc.text), doc, kept)


def _read_lines(path: Path) -> Iterator[Passage | Problem]:
    for line in read_lines(path):
        if isinstance(line, Problem):
            yield line
        elif line[1].strip():
            yield Passage(line[1], line[0], 0, len(line[1]))


def _read_rows(path: Path) -> Iterator[Passage | Problem]:
    for row in read_csv(path, read_lines(path)):
        if isinstance(row, Problem):
            yield row
        else:
            yield Passage(row.text, row.line, 0, len(row.text))


def _parts_of_text(whole: Passage, lang: str, split: Split) -> Iterator[Passage]:
    for start, end in _cuts(whole.text, lang, split):
        piece = whole.text[start:end]
        start += len(piece) - len(piece.lstrip())
        piece = piece.strip()
        if piece:
            end = start + len(piece)
            yield Passage(piece, whole.line, start, end, None, whole.record)


def _cuts(text: str, lang: str, split: Split) -> Iterator[tuple[int, int]]:
    if split == "none":
        yield 0, len(text)
    elif split == "sents":
        for sent in _sentencizer(lang)(text).sents:
            yield sent.start_char, sent.end_char
    else:
        start = 0
        for line in text.splitlines(keepends=True):
            yield start, start + len(line)
            start += len(line)


def _parts_of_doc(whole: Passage, doc: Doc, split: Split) -> Iterator[Passage]:
    if split == "lines":
        raise ValueError("A Doc is not cut into lines: its split is sents or none.")
    if split == "sents" and len(doc):
        if not doc.has_annotation("SENT_START"):
            doc = _sentencizer(doc.lang_).get_pipe("sentencizer")(doc)
        for sent in doc.sents:
            start, end = sent.start_char, sent.end_char
            if sent.text.strip():
                own = sent.as_doc()
                yield Passage(sent.text, whole.line, start, end, own, whole.record)
    elif doc.text.strip():
        yield whole


@cache
def _sentencizer(lang: str) -> Language:
    nlp = spacy.blank(lang or "xx")
    nlp.add_pipe("sentencizer")
    return nlp
