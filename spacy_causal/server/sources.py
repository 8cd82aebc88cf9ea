"""Texts to annotate, read one by one from their file; bad ones are skipped."""

import io
import select
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.corpus.build import Builder, build_doc
from spacy_causal.corpus.csv_texts import read_csv
from spacy_causal.corpus.files import SUFFIX, read_spacy
from spacy_causal.corpus.lines import Line, read_lines
from spacy_causal.corpus.records import Options, Problem, TextRecord, TokenRecord
from spacy_causal.corpus.texts import load_text

STDIN = "-"
SUFFIXES = (".jsonl", ".txt", ".csv", SUFFIX)
Read = Iterator[TextRecord | TokenRecord | Problem]
POLL = 0.2


class Source:
    """Where texts come from.

    path (str): A `.jsonl`, `.txt`, `.csv` or `.spacy` file; "-" is standard input, JSON
        lines or one text a line.
    problems (list[Problem]): What was passed over, so far.
    Raises ValueError for a file that is not there or of no such kind.
    """

    def __init__(self, path: str):
        self.path = Path("/dev/stdin" if path == STDIN else path)
        self.problems: list[Problem] = []
        self._is_stdin = path == STDIN
        self._size = self._done = 0
        self._closed = threading.Event()
        if self._is_stdin:
            return
        if self.path.suffix not in SUFFIXES:
            raise ValueError(f"{path}: a source ends in {', '.join(SUFFIXES)}.")
        if not self.path.is_file():
            raise ValueError(f"{path}: there is no such file.")
        self._size = self.path.stat().st_size

    @property
    def fraction(self) -> float | None:
        """How much of it was read; None where nobody knows how much there is."""
        return min(1.0, self._done / self._size) if self._size else None

    def docs(self, nlp: Language) -> Iterator[Doc]:
        """Bare Docs in the pipeline's vocabulary, cut by its tokenizer unless the
        source has tokens of its own; none any more once it is closed."""
        if self.path.suffix == SUFFIX:
            yield from self._spacy_docs(nlp)
            return
        builder = Builder(nlp.vocab, nlp.tokenizer, Options(), None)
        for item in self._records():
            # A line that was cut off by closing is not a bad line.
            if self._closed.is_set():
                return
            try:
                if isinstance(item, Problem):
                    self.problems.append(item)
                else:
                    yield build_doc(item, builder)
            except ValueError as error:
                self.problems.append(Problem(item.path, item.line, str(error)[:200]))

    def close(self) -> None:
        """Have no more texts, also where the next is still waited for."""
        self._closed.set()

    def _spacy_docs(self, nlp: Language) -> Iterator[Doc]:
        # In a vocabulary of their own: annotation leaves no names in the pipeline's.
        own = spacy.blank(nlp.lang or "xx").vocab
        for doc in read_spacy(self.path, own):
            if self._closed.is_set():
                return
            # One document was read, so it is a .spacy file: read it whole to count.
            if not self._done:
                self._size = len(DocBin().from_disk(self.path))
            self._done += 1
            if doc.text.strip():
                yield bare_copy(doc, nlp.vocab)

    def _records(self) -> Read:
        lines = self._lines()
        if self.path.suffix == ".csv":
            yield from read_csv(self.path, lines)
            return
        as_json = self.path.suffix == ".jsonl"
        for line in lines:
            if isinstance(line, Problem):
                yield line
            elif line[1].strip():
                maybe = self._is_stdin and line[1].lstrip().startswith("{")
                if as_json or maybe:
                    found = load_text(self.path, *line)
                    yield found if isinstance(found, Problem) else found[1]
                else:
                    yield TextRecord(self.path, line[0], line[1], None)

    def _lines(self) -> Iterator[Line | Problem]:
        opened = self._open_stdin if self._is_stdin else None
        for line in read_lines(self.path, opened):
            if not isinstance(line, Problem):
                self._done += len(line[1].encode("utf8", "replace")) + 1
            yield line

    def _open_stdin(self) -> BinaryIO:
        return io.BufferedReader(_UntilClosed(self.path, self._closed))


class _UntilClosed(io.RawIOBase):
    """A file that ends once it is not wanted, however long nothing comes from it."""

    def __init__(self, path: Path, closed: threading.Event):
        self._file, self._unwanted = path.open("rb", buffering=0), closed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        while not self._unwanted.is_set():
            if select.select([self._file], [], [], POLL)[0]:
                return self._file.readinto(buffer)
        return 0

    def close(self) -> None:
        self._file.close()
        super().close()
