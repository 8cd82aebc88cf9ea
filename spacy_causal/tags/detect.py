"""Which scheme tags are spelled in, seen from the tags themselves, and their spans."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

SpelledScheme = Literal["iob1", "bio", "io", "biluo"]

# BIOES and BMES are BILUO under other letters.
_MARKS = {"B": "B", "I": "I", "M": "I", "L": "L", "E": "L", "U": "U", "S": "U"}
_SEPARATORS = ("-", "_")
_MAY_FOLLOW = {"B": "IL", "I": "IL", "L": "BUO-", "U": "BUO-", "O": "BUO-", "-": "BUO-"}


class TagError(ValueError):
    """A tag that its scheme does not allow where it stands.

    position (int): Which tag of the sequence it is, from 0.
    """

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.position = position


class Detected(NamedTuple):
    """The scheme that a corpus is in.

    scheme (SpelledScheme): The one that the fewest sequences break.
    odd_starts (int): Entities that begin as the scheme does not have it (with "I-"
        in "bio", with a needless "B-" in "iob1"); they are read as they stand.
    """

    scheme: SpelledScheme
    odd_starts: int


def detect_scheme(sequences: Iterable[Sequence[str]]) -> Detected:
    """See which scheme sequences of tags are in."""
    bare = prefixed = closing = broken = opened_by_b = opened_by_i = marked_b = 0
    for tags in sequences:
        parsed = [_parse(tag) for tag in tags]
        marks = [mark for mark, _ in parsed]
        bare += marks.count("")
        prefixed += sum(mark in "BILU" for mark in marks if mark)
        closing += "L" in marks or "U" in marks
        broken += _first_break(parsed) is not None
        marked_b += marks.count("B")
        for (_, before), (mark, label) in zip(
            [("O", ""), *parsed], parsed, strict=False
        ):
            opened_by_b += mark == "B" and label != before
            opened_by_i += mark == "I" and label != before
    if bare > prefixed or not (marked_b or closing):
        return Detected("io", 0)
    if closing and broken <= closing:
        return Detected("biluo", 0)
    if opened_by_i > opened_by_b:
        return Detected("iob1", opened_by_b)
    return Detected("bio", opened_by_i)


def read_spans(
    tags: Sequence[str], scheme: SpelledScheme
) -> list[tuple[int, int, str]]:
    """Read tags as half-open spans (start, end, label).

    "-" is missing annotation and part of no span. An "I-" that continues nothing
    begins a span, except under "biluo".
    Raises TagError for a tag that the scheme does not have or allow there.
    """
    parsed = [_parse(tag) for tag in tags]
    _check(parsed, tags, scheme)
    spans: list[tuple[int, int, str]] = []
    start, open_label = 0, ""
    for i, (mark, label) in enumerate([*parsed, ("O", "")]):
        if open_label and (mark in ("B", "U") or label != open_label):
            spans.append((start, i, open_label))
            open_label = ""
        if label and not open_label:
            start, open_label = i, label
    return spans


def as_bio(tags: Sequence[str]) -> list[str]:
    """BILUO's tags as BIO's: where a mention begins, and where it goes on."""
    return [{"U": "B", "L": "I"}.get(tag[0], tag[0]) + tag[1:] for tag in tags]


def is_tag(value: str) -> bool:
    """Whether a value is "O", "-" or a label behind one of the schemes' marks and "-"
    or "_"."""
    return _parse(value)[0] != ""


def label_of(tag: str) -> str:
    """The label a tag bears, "" for "O" and "-"."""
    return _parse(tag)[1]


def _parse(tag: str) -> tuple[str, str]:
    """A tag's mark in BILUO's letters ("" where it has none) and its label."""
    if tag in ("O", "-"):
        return tag, ""
    if len(tag) > 2 and tag[1] in _SEPARATORS and tag[0] in _MARKS:
        return _MARKS[tag[0]], tag[2:]
    return "", tag


def _check(
    parsed: Sequence[tuple[str, str]], tags: Sequence[str], scheme: SpelledScheme
) -> None:
    allowed = {"io": ("", "I"), "biluo": tuple("BILU")}.get(scheme, ("B", "I"))
    for i, (mark, label) in enumerate(parsed):
        only_mark = label[1:] in _SEPARATORS and label[0] in _MARKS
        if (not label and mark == "") or only_mark:
            raise TagError(i, f"the tag {tags[i]!r} has no label")
        if mark not in (*allowed, "O", "-"):
            raise TagError(i, f"the tag {tags[i]!r} is not in the scheme {scheme!r}")
    broken = _first_break(parsed) if scheme == "biluo" else None
    if broken is not None:
        tag = tags[broken]
        raise TagError(broken, f"the tag {tag!r} breaks off or continues no entity")


def _first_break(parsed: Sequence[tuple[str, str]]) -> int | None:
    """The first tag that BILUO does not allow where it stands."""
    before, open_label = "O", ""
    for i, (mark, label) in enumerate(parsed):
        if mark == "" or mark not in _MAY_FOLLOW[before]:
            return i
        if mark in "IL" and label != open_label:
            return i
        before, open_label = mark, label
    return len(parsed) - 1 if before in "BI" else None
