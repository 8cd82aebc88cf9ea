"""Where the encoders that a component reads through are to be found."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model

from spacy_causal.types import Confounder

Tell = Callable[[], None]


def what_to_tell(
    model: Model, nlp: Language | None, reader: str, confounders: list[Confounder]
) -> Iterator[Tell]:
    """Calls that tell the encoders which words a component finds confounding: a
    model's own encoder, and the shared `tok2vec` or `transformer` that it listens to.

    reader (str): The component's name.
    """
    # spaCy's own list of names can be neither copied nor pickled.
    readers = None if nlp is None else tuple(nlp.component_names)
    for encoder in [model, *_listened_to(model, nlp)]:
        for node in encoder.walk():
            if "set_interventions" in node.attrs:
                tell = node.attrs["set_interventions"]
                yield partial(tell, node, reader, confounders, readers)


def require_features(pipe: Any, docs: Sequence[Doc]) -> None:
    """Raise ValueError where a component would listen to an encoder that has not read
    a Doc: it would predict from zeros, and say nothing of it.

    Docs that bring their features along (a tensor) have been read.
    """
    model = getattr(pipe, "model", None)
    if model is None or not any(hasattr(n, "upstream_name") for n in model.walk()):
        return
    for doc in docs:
        transformed = doc.has_extension("trf_data") and doc._.trf_data is not None
        if len(doc) and not doc.tensor.size and not transformed:
            raise ValueError(
                f"{pipe.name!r} would read zeros: the encoder that it listens to has "
                "not read this Doc. Process it by the whole pipeline, with its "
                f"tok2vec or transformer in it and enabled. {doc.text[:60]!r}"
            )


def _listened_to(model: Model, nlp: Language | None) -> list[Model]:
    names = {getattr(node, "upstream_name", None) for node in model.walk()} - {None}
    if nlp is None or not names:
        return []
    # While others are initialised, a component that was trained before is disabled.
    shared: list[Any] = [pipe for _, pipe in nlp.components if _listens(pipe, model)]
    return [pipe.model for pipe in shared]


def _listens(pipe: Any, model: Model) -> bool:
    nodes = list(model.walk())
    listeners = getattr(pipe, "listeners", ())
    return any(listener is node for listener in listeners for node in nodes)
