"""The equations of SeqMix on arrays."""

from collections.abc import Sequence

from thinc.types import Floats1d, Floats2d

from spacy_causal.numeric import mix
from spacy_causal.tags.detect import as_bio, read_spans
from spacy_causal.tags.scheme import TagSet, tags_of_spans


def mix_labels(first: Floats2d, second: Floats2d, weights: Floats1d) -> Floats2d:
    """Soft labels; a row of zeros where either parent's label is missing.

    SeqMix (EMNLP 2020), eq. (8). Shapes as in `mix`.
    """
    known = first.any(axis=1) & second.any(axis=1)
    return mix(first, second, weights) * known[:, None]


def harden(rows: Floats2d, tag_set: TagSet) -> list[str]:
    """The larger label of each row, "-" for a row of zeros, spelled so that the scheme
    allows it: each token keeps the type, and gets the mark of where it now stands.
    Of a mention that may go on into a row of zeros nothing is known.

    rows (Floats2d): Of a whole text, shape (T, M).
    RETURNS (list[str]): T tags.
    """
    names = [tag_set.names[i] for i in rows.argmax(axis=1).tolist()]
    known = rows.any(axis=1).tolist()
    tags = [name if sure else "-" for name, sure in zip(names, known, strict=True)]
    if tag_set.scheme == "token":
        return tags
    spans = spans_in(tags)
    spelled = tags_of_spans(tag_set, spans, len(tags))
    for start, end, _ in spans:
        known[start:end] = [not _may_go_on(tags, start, end)] * (end - start)
    return [tag if sure else "-" for tag, sure in zip(spelled, known, strict=True)]


def spans_in(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Spans of tags that need not be allowed: what continues nothing begins a span."""
    return read_spans(as_bio(tags), "bio")


def _may_go_on(tags: Sequence[str], start: int, end: int) -> bool:
    """Whether what is missing beside a mention may be a part of it."""
    before, after = tags[start - 1 : start], tags[end : end + 1]
    begins, ends = tags[start][0] in "BU", tags[end - 1][0] in "LU"
    return (before == ["-"] and not begins) or (after == ["-"] and not ends)
