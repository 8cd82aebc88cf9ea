"""The shapes that annotation tools give a JSON object, read as records."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy_causal.corpus.lines import flaw
from spacy_causal.corpus.records import CharSpan, TextRecord, TokenRecord

# "ents" is spaCy's own, of `Doc.to_json`.
ENTITY_KEYS = ("spans", "ents", "label", "labels", "entities")


@dataclass(frozen=True)
class Context:
    """What reading one object needs beside it.

    tag_names (dict[int, str]): Tags by number, from `tag_to_id.json`.
    counts (Counter[str]): Where what is left out is counted.
    """

    tag_names: dict[int, str]
    counts: Counter[str]


def read_shape(
    path: Path, line: int, value: Any, context: Context
) -> TextRecord | TokenRecord | None:
    """Read one object; None for one that its annotator rejected or ignored: that a span
    is not of a label is no target, which would say of what label it is instead.

    Raises ValueError for what is of no known shape or contradicts itself.
    """
    value = _dict(value, "the record")
    if "str_words" in value:
        return _read_tagged(path, line, value, context)
    if "data" in value and "annotations" in value:
        return _read_label_studio(path, line, value, context)
    if value.get("answer") in ("reject", "ignore"):
        context.counts[f"records with answer {value['answer']!r}"] += 1
        return None
    text = _text(value.get("text"), "'text'")
    known = not {"spans", "ents", "answer"}.isdisjoint(value)
    tokens = _tokens(value.get("tokens"), text) if known else None
    # Prodigy asked about these spans alone, and not whether there are others.
    partial = bool(value.get("_is_binary"))
    return TextRecord(path, line, text, _spans(value, text), tokens, partial)


def _spans(value: dict[str, Any], text: str) -> list[CharSpan] | None:
    """The spans under the keys of any tool; None where no key speaks of entities."""
    # What a question with options is about is marked in its text.
    if value.get("_view_id") == "choice":
        return None
    keys = [key for key in ENTITY_KEYS if key in value]
    if "spans" in keys:
        # Prodigy's "label" is then the one that was asked about.
        keys = [key for key in keys if not isinstance(value[key], str)]
    found = {key: list(_read_spans(key, value[key], text)) for key in keys}
    filled = [key for key in found if found[key]]
    for key in filled[1:]:
        if sorted(found[key]) != sorted(found[filled[0]]):
            raise ValueError(f"{filled[0]!r} and {key!r} hold different spans")
    if filled:
        return found[filled[0]]
    # Where somebody was to mark all entities and found none, the key may be left out.
    return [] if found or value.get("_view_id") == "ner_manual" else None


def _read_spans(key: str, spans: Any, text: str) -> Iterator[CharSpan]:
    if key in ("spans", "ents"):
        yield from _objects(spans, "start", "end")
    elif key == "label" and isinstance(spans, dict):
        yield from _surfaces(spans, text)
    else:
        yield from _triples(key, spans)


def _surfaces(label: dict[str, Any], text: str) -> Iterator[CharSpan]:
    """CLUENER: {type: {surface: [[start, last]]}}."""
    for name, surfaces in label.items():
        for surface, offsets in _dict(surfaces, f"label {name!r}").items():
            for pair in _list(offsets, f"the offsets of {surface!r}"):
                start, last = (_offset(x) for x in _list(pair, "a span", length=2))
                if text[max(start, 0) : last + 1] != surface:
                    raise ValueError(f"{surface!r} is not the text at {start}-{last}")
                yield start, last + 1, name


def _objects(spans: Any, start: str, end: str) -> Iterator[CharSpan]:
    for span in [] if spans is None else _list(spans, "'spans'"):
        span = _dict(span, "a span")
        label = _text(span.get("label"), "a span's label")
        yield _offset(span.get(start)), _offset(span.get(end)), label


def _triples(key: str, spans: Any) -> Iterator[CharSpan]:
    """doccano: [start, end, label], or its newer objects."""
    for span in _list(spans, f"{key!r}"):
        if isinstance(span, dict):
            yield from _objects([span], "start_offset", "end_offset")
        else:
            start, end, label = _list(span, "a span", length=3)
            yield _offset(start), _offset(end), _text(label, "a span's label")


def _tokens(tokens: Any, text: str) -> list[tuple[int, int]] | None:
    """Prodigy's tokens, or spaCy's, which have to cover the text in order."""
    if tokens is None:
        return None
    offsets, free = [], 0
    for token in _list(tokens, "'tokens'"):
        token = _dict(token, "a token")
        start, end = _offset(token.get("start")), _offset(token.get("end"))
        if not free <= start < end <= len(text) or text[free:start].strip():
            raise ValueError(f"the token at {start}-{end} does not follow the last")
        if token.get("text", text[start:end]) != text[start:end]:
            raise ValueError(f"the token at {start}-{end} is not the text's")
        offsets.append((start, end))
        free = end
    if text[free:].strip():
        raise ValueError("the tokens end before the text does")
    return offsets


def _read_label_studio(
    path: Path, line: int, task: dict[str, Any], context: Context
) -> TextRecord:
    data = _dict(task["data"], "'data'")
    texts = [x for x in data.values() if isinstance(x, str)]
    text = _text(data.get("text", texts[0] if len(texts) == 1 else None), "the text")
    annotations = [
        annotation
        for annotation in _list(task["annotations"], "'annotations'")
        if not _dict(annotation, "an annotation").get("was_cancelled")
    ]
    context.counts["further annotations of a task"] += max(0, len(annotations) - 1)
    if not annotations:
        return TextRecord(path, line, text, None)
    spans = list(_results(annotations[0].get("result"), text))
    return TextRecord(path, line, text, spans)


def _results(results: Any, text: str) -> Iterator[CharSpan]:
    for result in _list(results, "'result'"):
        value = _dict(_dict(result, "a result").get("value", {}), "a result's value")
        if "labels" not in value:
            continue
        (label,) = _list(value["labels"], "a span's labels", length=1)
        start, end = _offset(value.get("start")), _offset(value.get("end"))
        surface = value.get("text")
        if surface is not None and text[max(start, 0) : end] != surface:
            raise ValueError(f"{surface!r} is not the text at {start}-{end}")
        yield start, end, _text(label, "a span's label")


def _read_tagged(
    path: Path, line: int, value: dict[str, Any], context: Context
) -> TokenRecord:
    """BOND: {"str_words": [...], "tags": [number or name, ...]}."""
    words = [_text(x, "a word") for x in _list(value["str_words"], "'str_words'")]
    tags = _list(value.get("tags"), "'tags'")
    if len(tags) != len(words) or not words:
        raise ValueError(f"{len(words)} words but {len(tags)} tags")
    odd = [x for x in words if not x.strip() or x.strip() != x]
    if odd:
        raise ValueError(f"the word {odd[0]!r} is empty or has white space at its edge")
    names = [_tag_name(tag, context) for tag in tags]
    return TokenRecord(path, line, words=words, entities=names)


def _tag_name(tag: Any, context: Context) -> str:
    name = tag if isinstance(tag, str) else context.tag_names.get(_offset(tag))
    if name is None:
        raise ValueError(f"tag_to_id.json in the same folder has no tag {tag}")
    return _text(name, "a tag")


def _dict(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is {type(value).__name__}, an object is expected")
    return value


def _list(value: Any, what: str, *, length: int | None = None) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{what} is {type(value).__name__}, a list is expected")
    if length is not None and len(value) != length:
        raise ValueError(f"{what} has {len(value)} values where {length} are expected")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} is {type(value).__name__}, a string is expected")
    reason = flaw(value, allowed="\t\n\r")
    if reason:
        raise ValueError(f"{what} has a {reason}")
    return value


def _offset(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"an offset or number is {value!r:.40}, not an integer")
    return int(value)
