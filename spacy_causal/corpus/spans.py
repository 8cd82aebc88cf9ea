"""Character spans: what may be wrong with them, and what of it can be mended."""

from bisect import bisect
from collections.abc import Iterator, Sequence

from spacy_causal.corpus.records import CharSpan


def trim_span(text: str, span: CharSpan) -> CharSpan:
    """The span without white space at its edges, unless nothing would be left."""
    start, end, label = span
    if not 0 <= start < end <= len(text) or not text[start:end].strip():
        return span
    surface = text[start:end]
    start += len(surface) - len(surface.lstrip())
    return start, end - (len(surface) - len(surface.rstrip())), label


def span_flaw(text: str, span: CharSpan) -> str | None:
    """Why a span can be no entity of the text, or None."""
    start, end, label = span
    if not 0 <= start <= end <= len(text):
        return f"the span {start}-{end} lies outside the text's {len(text)} characters"
    surface = text[start:end]
    if not surface:
        return f"the span {start}-{end} is empty"
    if not label.strip() or label != label.strip():
        return f"the span {surface[:60]!r} has the label {label!r}"
    if surface != surface.strip():
        return f"the span {surface[:60]!r} has white space at its edge"
    return None


def overlap_flaws(text: str, spans: Sequence[CharSpan]) -> Iterator[str]:
    """Describe the spans that repeat another or overlap it."""
    widest: CharSpan | None = None
    for span in sorted(spans):
        start, end, label = span
        surface = f"{text[start:end][:60]!r} ({label})"
        if span == widest:
            yield f"the span {surface} is given twice"
        elif widest is not None and start < widest[1]:
            other = f"{text[widest[0] : widest[1]][:60]!r} ({widest[2]})"
            yield f"the span {surface} overlaps {other}"
        if widest is None or end > widest[1]:
            widest = span


def keep_longest(spans: Sequence[CharSpan]) -> list[CharSpan]:
    """The longest spans that do not overlap; of equally long ones the first."""
    kept: list[CharSpan] = []
    for span in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        i = bisect(kept, span)
        free_before = i == 0 or kept[i - 1][1] <= span[0]
        if free_before and (i == len(kept) or span[1] <= kept[i][0]):
            kept.insert(i, span)
    return kept
