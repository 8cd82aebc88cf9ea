"""Where the encoders that a component reads through are to be found."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from spacy.language import Language
from thinc.api import Model

from spacy_causal.types import Confounder

SetInterventions = Callable[[str, list[Confounder]], None]


def interventions_within(
    model: Model, nlp: Language | None
) -> Iterator[SetInterventions]:
    """Setters of what the encoders intervene on: a model's own, and those of the
    shared `tok2vec` or `transformer` that it listens to."""
    for encoder in [model, *_listened_to(model, nlp)]:
        for node in encoder.walk():
            if "set_interventions" in node.attrs:
                yield partial(node.attrs["set_interventions"], node)


def _listened_to(model: Model, nlp: Language | None) -> list[Model]:
    names = {getattr(node, "upstream_name", None) for node in model.walk()} - {None}
    if nlp is None or not names:
        return []
    shared: list[Any] = [pipe for name, pipe in nlp.pipeline if _listens(pipe, model)]
    return [pipe.model for pipe in shared]


def _listens(pipe: Any, model: Model) -> bool:
    nodes = list(model.walk())
    listeners = getattr(pipe, "listeners", ())
    return any(listener is node for listener in listeners for node in nodes)
