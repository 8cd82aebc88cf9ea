"""Lines of UTF-8 text with their numbers; what is no clean text is a problem."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from spacy_causal.corpus.records import Problem

BOM = b"\xef\xbb\xbf"
UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
Line = tuple[int, str]


def read_lines(
    path: Path, opened: Callable[[], BinaryIO] | None = None
) -> Iterator[Line | Problem]:
    """Yield each line with its number, from 1, without its end of line or a BOM.

    opened (Callable[[], BinaryIO] | None): Opens it, where it is no common file.
    """
    try:
        with opened() if opened else path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                raw = raw.removeprefix(BOM) if number == 1 else raw
                yield _decode(path, number, raw.removesuffix(b"\n"))
    except OSError as error:
        yield Problem(path, 1, f"cannot be read: {error.strerror}")


def read_blocks(
    path: Path, head: str | None = None
) -> Iterator[list[Line] | list[Problem]]:
    """Yield the lines between empty ones; of a block with problems, only those.

    head (str | None): A line that starts with it begins a block too.
    """
    lines: list[Line] = []
    problems: list[Problem] = []
    for line in read_lines(path):
        text = None if isinstance(line, Problem) else line[1]
        ends = text is not None and (
            not text.strip() or (head is not None and text.startswith(head))
        )
        if ends and (lines or problems):
            yield problems or lines
            lines, problems = [], []
        if isinstance(line, Problem):
            problems.append(line)
        elif line[1].strip():
            lines.append(line)
    if lines or problems:
        yield problems or lines


def read_entries(path: Path) -> Iterator[Line]:
    """Yield the lines that say something, without white space at their ends.

    Raises ValueError for a line that is no clean UTF-8.
    """
    for line in read_lines(path):
        if isinstance(line, Problem):
            raise ValueError(str(line))
        if line[1].strip():
            yield line[0], line[1].strip()


def flaw(text: str, *, allowed: str = "\t") -> str | None:
    """What makes a text unfit for a Doc: ASCII control or half characters.

    The controls from U+0080 on are left: web text has them where it was CP1252.
    """
    for match in UNFIT.finditer(text):
        if match[0] not in allowed:
            kind = "control character" if match[0] < "\x80" else "half a surrogate pair"
            return f"{kind} U+{ord(match[0]):04X} at character {match.start()}"
    return None


def _decode(path: Path, number: int, raw: bytes) -> Line | Problem:
    try:
        text = raw.removesuffix(b"\r").decode("utf8")
    except UnicodeDecodeError as error:
        byte = f"0x{raw[error.start]:02x}"
        return Problem(path, number, f"no UTF-8: {byte} at byte {error.start}")
    reason = flaw(text)
    return Problem(path, number, reason) if reason else (number, text)
