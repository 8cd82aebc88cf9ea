"""What was answered, as files that other programs read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import srsly

from spacy_causal.corpus.files import SUFFIX, empty_docbin, write_docbin
from spacy_causal.files import write_whole
from spacy_causal.learning.answers import OUTSIDE, Answer
from spacy_causal.learning.feedback import targets_of
from spacy_causal.learning.reading import bare_copy, probabilities_of
from spacy_causal.learning.settling import Held, settle
from spacy_causal.server.answering import whole_task
from spacy_causal.server.pipelines import load_pipeline
from spacy_causal.server.teaching import answers_of, doc_key, words_of_task
from spacy_causal.store.database import Database, is_in_memory, parse_url
from spacy_causal.store.ledger import Ledger
from spacy_causal.targets.token_targets import set_targets

Task = dict[str, Any]
Span = tuple[int, int, str]
FORMATS = ("spacy", "jsonl", "conll", "label-studio", "doccano")
UNKNOWN = "-"


@dataclass
class Text:
    """All that was answered about a text.

    offsets (list[tuple[int, int]]): Where each token begins and ends.
    """

    text: str
    words: tuple[str, ...]
    spaces: tuple[bool, ...]
    offsets: list[tuple[int, int]]
    answers: list[Answer] = field(default_factory=list)

    @property
    def held(self) -> list[Held]:
        """What holds of each token, where several answers touch it."""
        return settle(self.answers, len(self.words))

    def spans(self) -> list[Span]:
        """What was confirmed, as character spans; tokens of one type that stand side by
        side and were asked about one by one are one."""
        found: list[tuple[int, int, str, Answer]] = []
        for i, given in enumerate(self.held):
            if not isinstance(given, Answer) or given.chosen in (None, OUTSIDE):
                continue
            label = str(given.chosen)
            start, end = self.offsets[i]
            if found:
                first, last_end, before, answer = found[-1]
                joins = answer is given or (
                    given.unit == answer.unit == "token" and before == label
                )
                if joins and last_end == (self.offsets[i - 1][1] if i else -1):
                    found[-1] = (first, end, label, given)
                    continue
            found.append((start, end, label, given))
        return [(start, end, label) for start, end, label, _ in found]

    def tags(self) -> list[str]:
        """One BIO tag a token; "-" where nothing was confirmed."""
        starts = {start: label for start, _, label in self.spans()}
        tags = []
        for given, (start, _) in zip(self.held, self.offsets, strict=True):
            if not isinstance(given, Answer) or given.chosen is None:
                tags.append(UNKNOWN)
            elif given.chosen == OUTSIDE:
                tags.append(OUTSIDE)
            else:
                tags.append(f"{'B' if start in starts else 'I'}-{given.chosen}")
        return tags


def read_answers(dataset: str, db: str) -> list[Task]:
    """The answers of a dataset that stand, in the order given.

    Raises ValueError when there is no such dataset, or its database is not opened.
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


def texts_of(tasks: Sequence[Task]) -> list[Text]:
    """Answers by text, in the order in which texts were first answered."""
    texts: dict[str, Text] = {}
    for task in tasks:
        key = doc_key(task)
        if key not in texts:
            words, spaces = words_of_task(task)
            offsets = [(token["start"], token["end"]) for token in task["tokens"]]
            texts[key] = Text(task["text"], words, spaces, offsets)
        texts[key].answers += answers_of(task)
    return [text for text in texts.values() if text.answers]


def export(
    tasks: Sequence[Task],
    path: Path,
    format: str,
    model: str | None,
    component: str | None = None,
) -> int:
    """Write answers to a file, whole or not at all.

    format (str): One of FORMATS.
    model (str | None): Of a `.spacy` file: the pipeline whose labels and guesses its
        token targets have. Without one, only what was confirmed is in it.
    component (str | None): The model's that was asked about, see `find_labeller`.
    RETURNS (int): Texts, or answers for "jsonl".
    Raises ValueError for a format that there is not.
    """
    if format not in FORMATS:
        raise ValueError(f"A format is one of {', '.join(FORMATS)}, not {format!r}.")
    texts = texts_of(tasks)
    if format == "spacy":
        if path.suffix != SUFFIX:
            raise ValueError(f"the output has to end in {SUFFIX}: {path}")
        _write_spacy(texts, path, model, component)
        return len(texts)
    if format == "label-studio":
        data = srsly.json_dumps([_label_studio(text) for text in texts], indent=2)
    elif format == "conll":
        data = "\n".join(_conll(text) for text in texts)
    else:
        values = tasks if format == "jsonl" else [_doccano(text) for text in texts]
        data = "".join(srsly.json_dumps(value) + "\n" for value in values)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data.encode("utf8"))
    return len(values) if format == "jsonl" else len(texts)


def _write_spacy(
    texts: Sequence[Text], path: Path, model: str | None, component: str | None
) -> None:
    """With what was refused imputed by the model, as a session first learns it."""
    import spacy
    from spacy.tokens import Doc

    from spacy_causal.tags.scheme import TagSet

    said = {str(x.chosen) for text in texts for x in text.answers if x.chosen}
    labels = sorted(said - {OUTSIDE})
    if model is None:
        nlp, name, layer = spacy.blank("xx"), "", "ner"
        tag_set = TagSet("biluo", tuple(labels))
    else:
        nlp, name = load_pipeline(model, component, labels)
        pipe: Any = nlp.get_pipe(name)
        tag_set, layer = pipe.tag_set, pipe.layer
    output = empty_docbin()
    for text in texts:
        doc = Doc(nlp.vocab, words=list(text.words), spaces=list(text.spaces))
        if model is None:
            own = np.full((len(doc), len(tag_set)), 1 / len(tag_set), dtype="float32")
        else:
            (own,) = probabilities_of(nlp, name, [bare_copy(doc)])
        mode: Any = "positives_only" if model is None else "own_ruled_out"
        targets = targets_of(text.answers, tag_set, own, mode=mode, join=True)
        set_targets(doc, layer, targets)
        output.add(doc)
    write_docbin(path, output)


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
