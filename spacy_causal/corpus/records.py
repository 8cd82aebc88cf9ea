"""What every format's reader yields: records, and problems by file and line."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CharSpan = tuple[int, int, str]
Overlaps = Literal["refuse", "keep-longest"]


@dataclass(frozen=True)
class Problem:
    """Something wrong with one line of a file (in `.spacy` files: one document)."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


@dataclass(frozen=True)
class TokenRecord:
    """A sentence that comes in tokens; each layer has one value a token, or is None.

    line (int): Where it begins in its file, from 1.
    spaces (Sequence[bool] | None): None where the format does not say.
    entities (Sequence[str] | None): Tags in whatever scheme the corpus uses.
    tags (Sequence[str] | None): Fine-grained parts of speech, "" where missing.
    pos (Sequence[str] | None): Universal parts of speech, "" where missing.
    lines (Sequence[int] | None): Each token's line, where it has one of its own.
    """

    path: Path
    line: int
    words: Sequence[str]
    spaces: Sequence[bool] | None = None
    entities: Sequence[str] | None = None
    tags: Sequence[str] | None = None
    pos: Sequence[str] | None = None
    lines: Sequence[int] | None = None


@dataclass(frozen=True)
class TextRecord:
    """A text with character spans, half-open; None where it is not annotated.

    tokens (Sequence[tuple[int, int]] | None): Offsets where the format gives them.
    partial (bool): Whether nothing is known of the text outside the spans.
    """

    path: Path
    line: int
    text: str
    spans: Sequence[CharSpan] | None
    tokens: Sequence[tuple[int, int]] | None = None
    partial: bool = False


@dataclass(frozen=True)
class Options:
    """How a corpus is read; columns count from 0, and None is detected."""

    format: str | None = None
    lang: str = "en"
    by_character: bool = False
    overlaps: Overlaps = "refuse"
    trim: bool = False
    word_column: int | None = None
    entity_column: int | None = None
    tag_column: int | None = None


Item = TokenRecord | TextRecord | Problem
ReadFormat = Callable[[Path, Options, Counter[str]], Iterator[Item]]
