"""Whether a session may go on with the answers of those before it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from spacy_causal.learning.answers import OUTSIDE
from spacy_causal.server.agreement import view_of
from spacy_causal.server.manual import VIEW as MANUAL
from spacy_causal.store.records import Record
from spacy_causal.types import NONE_OF_THESE

Task = dict[str, Any]


def check_resumable(
    records: Sequence[Record],
    standing: Collection[int],
    config: dict[str, Any],
    dataset: str,
) -> None:
    """Raise ValueError for a model that was saved with these answers taught, since it
    would learn them twice, and for answers about another layer of annotation.

    records (Sequence[Record]): Of a dataset that has answers.
    standing (Collection[int]): The ids of those that stand.
    config (dict): Of the session that begins, with the "weights" of its model and the
        "layer" that it asks about, where it says so.
    """
    if config.get("weights", "") in _taught(records):
        raise ValueError(
            f"This model has been taught the answers of {dataset!r} already: an "
            "earlier session saved it at its end. Begin with the model that that "
            "session began with, or another dataset."
        )
    others = _layers(records, standing) - {config.get("layer")}
    if "layer" in config and others:
        raise ValueError(
            f"The answers of {dataset!r} are about {', '.join(sorted(others))}, and "
            f"this session would ask about {config['layer']}: take another dataset."
        )


def answered_labels(config: dict[str, Any], tasks: Iterable[Task]) -> dict[str, Any]:
    """The config's labels with those that were answered before, by a session that had
    more of them: a learner adds these again."""
    if "labels" not in config:
        return {}
    no_labels = NONE_OF_THESE, config.get("outside", OUTSIDE)
    said = (label for task in tasks for label in _chosen(task))
    chosen = (label for label in said if label not in no_labels)
    return {"labels": list(dict.fromkeys([*config["labels"], *chosen]))}


def _chosen(task: Task) -> list[str]:
    if view_of(task) != MANUAL:
        return list(task.get("accept") or ())
    accepted = task["answer"] == "accept"
    return [span["label"] for span in task["spans"]] if accepted else []


def _layers(records: Sequence[Record], standing: Collection[int]) -> set[str]:
    """What the answers that stand are about, where their session said so."""
    layers, layer = set(), None
    for record in records:
        if record.kind == "begun":
            layer = ((record.content or {}).get("config") or {}).get("layer")
        elif record.id in standing and layer is not None:
            layers.add(layer)
    return layers


def _taught(records: Sequence[Record]) -> set[str]:
    """The weights that sessions saved and had not begun with: one that learnt nothing
    saves what it began with."""
    taught, begun = set(), None
    for record in records:
        content = record.content or {}
        if record.kind == "begun":
            begun = (content.get("config") or {}).get("weights")
        elif record.kind == "ended" and content.get("weights") not in (None, begun):
            taught.add(content["weights"])
    return taught
