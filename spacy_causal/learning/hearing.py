"""Which pipes learn from an update, and what the others hear of it: nothing."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from spacy.language import Language


def encoders_of(nlp: Language, component: str) -> list[str]:
    """The shared `tok2vec` or `transformer` that a component listens to, if any."""
    return [
        name
        for name, pipe in nlp.pipeline
        if component in getattr(pipe, "listener_map", {})
    ]


def learning_pipes(
    nlp: Language, component: str, freeze: Collection[str], also: Collection[str]
) -> list[str]:
    """The component, what it listens to unless frozen, and others that were named, in
    the pipeline's order.

    Raises ValueError for names that cannot be frozen or trained.
    """
    encoders = encoders_of(nlp, component)
    for name in freeze:
        if name not in encoders:
            heard = " and ".join(encoders) or "nothing"
            raise ValueError(
                f"{name!r} cannot be frozen: {component!r} listens to {heard}."
            )
    for name in also:
        if not getattr(nlp.get_pipe(name), "is_trainable", False):
            raise ValueError(f"{name!r} cannot be trained.")
    learn = {component, *encoders, *also} - set(freeze)
    return [name for name in nlp.pipe_names if name in learn]


@contextmanager
def only_heard_by(nlp: Language, learners: Sequence[str]) -> Iterator[None]:
    """Within this block shared encoders get gradients from these pipes only.

    In spaCy the last listener runs the encoder's backpropagation: if its pipe were left
    out of an update, the encoder would learn from nobody. A frozen encoder's listeners
    forget their old input, which they would mistake for this update's.
    """
    encoders: list[Any] = [p for _, p in nlp.pipeline if hasattr(p, "listener_map")]
    everybody = [encoder.listener_map for encoder in encoders]
    for encoder in encoders:
        _forget(encoder)
        heard = encoder.listener_map.items()
        encoder.listener_map = {name: by for name, by in heard if name in learners}
    try:
        yield
    finally:
        for encoder, listener_map in zip(encoders, everybody, strict=True):
            encoder.listener_map = listener_map
            _forget(encoder)


def _forget(encoder: Any) -> None:
    for listener in encoder.listeners:
        listener.receive(None, None, None)
