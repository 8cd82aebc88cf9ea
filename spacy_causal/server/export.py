"""What was answered, as files that other programs read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import srsly
from spacy.tokens import Doc, Span
from thinc.types import Floats2d

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.corpus.files import SUFFIX, empty_docbin, write_docbin
from spacy_causal.display.candidates import type_log_probabilities
from spacy_causal.files import write_whole
from spacy_causal.learning.answers import OUTSIDE
from spacy_causal.learning.feedback import targets_of
from spacy_causal.learning.reading import probabilities_of
from spacy_causal.server.answering import whole_task
from spacy_causal.server.pipelines import load_pipeline
from spacy_causal.server.texts import ENTITIES, Text, texts_of
from spacy_causal.store.database import Database, is_in_memory, parse_url
from spacy_causal.store.ledger import Ledger
from spacy_causal.tags.scheme import TagSet
from spacy_causal.targets.token_targets import CERTAIN, set_targets

Task = dict[str, Any]
FORMATS = ("spacy", "jsonl", "conll", "label-studio", "doccano")


def read_answers(dataset: str, db: str) -> list[Task]:
    """The answers of a dataset that stand, in the order given.

    Raises ValueError when there is no such dataset, or its database is not opened, and
    OSError when it is not read.
    """
    return read_dataset(dataset, db)[0]


def read_dataset(dataset: str, db: str) -> tuple[list[Task], dict[str, Any]]:
    """The same, and the config of the session that was begun last."""
    path = parse_url(db).database
    if db.startswith("sqlite") and (is_in_memory(db) or not Path(str(path)).exists()):
        raise ValueError(f"There is no database {db}.")
    database = Database(db)
    try:
        names = database.names()
        if dataset not in names:
            known = ", ".join(names) or "none"
            raise ValueError(f"There is no dataset {dataset!r}: there is {known}.")
        inputs = database.inputs(dataset)
        records = list(database.records(dataset))
    finally:
        database.close()
    configs = [(x.content or {}).get("config") for x in records if x.kind == "begun"]
    answers = Ledger(records).answers.values()
    return [whole_task(x, inputs) for x in answers], (configs or [None])[-1] or {}


def export(
    tasks: Sequence[Task],
    path: Path,
    format: str,
    model: str | None,
    component: str | None = None,
    *,
    layer: str = ENTITIES,
) -> int:
    """Write answers to a file, whole or not at all.

    A `.spacy` file has them as token targets, and what is certain as annotation, too,
    for whatever reads no targets: spaCy's own components and scorers.

    format (str): One of FORMATS.
    model (str | None): Of a `.spacy` file: the pipeline whose labels and guesses its
        token targets have. Without one, only what was confirmed is in it.
    component (str | None): The model's that was asked about, see `find_labeller`.
    layer (str): What was asked about, see `layer_of`.
    RETURNS (int): Texts, or answers for "jsonl".
    Raises ValueError for a format that there is not, and for a model or component that
        would not be used.
    """
    if format not in FORMATS:
        raise ValueError(f"A format is one of {', '.join(FORMATS)}, not {format!r}.")
    if (model or component) and format != "spacy":
        raise ValueError(f"The format {format!r} cannot hold guesses of a model.")
    if component and not model:
        raise ValueError("A component needs a model, and none is given.")
    texts = texts_of(tasks, layer)
    if format == "spacy":
        if path.suffix != SUFFIX:
            raise ValueError(f"the output has to end in {SUFFIX}: {path}")
        _write_spacy(texts, path, model, component, layer)
        return len(texts)
    if format == "label-studio":
        data = srsly.json_dumps([_label_studio(text) for text in texts], indent=2)
    elif format == "conll":
        data = "\n".join(_conll(text) for text in texts)
    else:
        values = tasks if format == "jsonl" else [_doccano(text) for text in texts]
        data = "".join(srsly.json_dumps(value) + "\n" for value in values)
    write_whole(path, data)
    return len(values) if format == "jsonl" else len(texts)


def _write_spacy(
    texts: Sequence[Text],
    path: Path,
    model: str | None,
    component: str | None,
    layer: str,
) -> None:
    """With what was refused imputed by the model, as a session first learns it; what it
    was sure of, and so was not asked about, is as the model finds it."""
    said = {str(x.chosen) for text in texts for x in text.answers if x.chosen}
    labels = sorted(said - {OUTSIDE} if layer == ENTITIES else said)
    if model is None:
        nlp, name = spacy.blank("xx"), ""
        tag_set = TagSet("biluo" if layer == ENTITIES else "token", tuple(labels))
    else:
        nlp, name = load_pipeline(model, component, sorted(said - {OUTSIDE}))
        pipe: Any = nlp.get_pipe(name)
        if texts and pipe.layer != layer:
            raise ValueError(f"{name!r} sets {pipe.layer}; the answers are of {layer}.")
        for label in labels:
            pipe.add_label(label)
        tag_set = pipe.tag_set
    docs = [Doc(nlp.vocab, list(text.words), list(text.spaces)) for text in texts]
    if model is None:
        even = 1 / max(1, len(tag_set))
        said_of = [np.full((len(d), len(tag_set)), even, "float32") for d in docs]
    else:
        said_of = probabilities_of(nlp, name, [bare_copy(doc) for doc in docs])
    output = empty_docbin()
    for text, doc, own in zip(texts, docs, said_of, strict=True):
        mode: Any = "positives_only" if model is None else "own_ruled_out"
        told = targets_of(text.answers, tag_set, own, mode=mode, join=True)
        rows = told.rows
        if model is not None and text.sure < 1:
            unasked = np.array([[given is None] for given in text.held])
            rows = rows + unasked * _guesses(own, tag_set, text.sure)
        set_targets(doc, layer, replace(told, rows=rows))
        annotate(doc, text, told.certain)
        output.add(doc)
    write_docbin(path, output)


def _guesses(own: Floats2d, tag_set: TagSet, sure: float) -> Floats2d:
    """Rows of the model's own where it is as sure as it was to be, else zeros; none is
    certain: nobody said so.

    own (Floats2d): Shape (n, M).
    """
    log_p = type_log_probabilities(np.log(np.maximum(own, 1e-30)), tag_set)
    share = 2 * (1 - CERTAIN)
    rows = (1 - share) * own + share / len(tag_set)
    return rows * (log_p.max(axis=1, keepdims=True) > np.log(sure))


def annotate(doc: Doc, text: Text, certain: np.ndarray) -> None:
    """Give a Doc what is certain of its tokens; the others stay missing.

    certain (ndarray[bool]): Shape (n,).
    """
    if text.layer != ENTITIES:
        for said in text.said():
            setattr(doc[said.start], f"{text.layer}_", said.label)
        return
    sure, spans = [*certain.tolist(), True], []
    for start, end, label, unit in text.said():
        # A mention answered token by token ends here only if the next token is certain.
        if all(sure[start : end if unit == "mention" else end + 1]):
            spans.append(Span(doc, start, end, label))
    known = {i for span in spans for i in range(span.start, span.end)}
    known |= {i for i, tag in enumerate(text.tags()) if tag == OUTSIDE and sure[i]}
    missing = [doc[i : i + 1] for i in range(len(doc)) if i not in known]
    doc.set_ents(spans, missing=missing, default="outside")


def _conll(text: Text) -> str:
    rows = zip(text.words, text.tags(), strict=True)
    return "".join(f"{word}\t{tag}\n" for word, tag in rows if word.strip())


def _doccano(text: Text) -> dict[str, Any]:
    return {"text": text.text, "label": [list(span) for span in text.spans()]}


def _label_studio(text: Text) -> dict[str, Any]:
    return {
        "data": {"text": text.text},
        "annotations": [{"result": list(_results(text))}],
    }


def _results(text: Text) -> Iterator[dict[str, Any]]:
    for start, end, label in text.spans():
        surface = text.text[start:end]
        value = {"start": start, "end": end, "text": surface, "labels": [label]}
        yield {
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": value,
        }
