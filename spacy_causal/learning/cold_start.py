"""A component that is ready to learn with no annotation at all."""

from collections.abc import Sequence
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model

from spacy_causal.learning.hearing import encoders_of
from spacy_causal.learning.seeding import seeded


def cold_start(
    nlp: Language, component: str, labels: Sequence[str], *, seed: int = 0
) -> Language:
    """Initialise a component from a list of labels; it guesses until it is taught.

    The shared encoder that it listens to is initialised with it if nobody has done so
    yet; all other pipes stay as they are. There is no text to find confounders in, so
    the component has none.

    component (str): The component's name; a pipeline without it is given one.
    """
    if component not in nlp.pipe_names:
        nlp.add_pipe(component)
    pipe: Any = nlp.get_pipe(component)
    for label in labels:
        pipe.add_label(label)
    nothing = Doc(nlp.vocab, words=["."])
    example = Example(nothing, nothing.copy())
    ready = [name for name in nlp.pipe_names if _is_initialised(nlp, name)]
    encoders = [name for name in encoders_of(nlp, component) if name not in ready]
    with seeded(nlp, (seed,)):
        if set(ready) <= {component}:
            with nlp.select_pipes(enable=[*encoders, component]):
                nlp.initialize(lambda: [example])
        else:
            for name in encoders:
                encoder: Any = nlp.get_pipe(name)
                encoder.initialize(lambda: [example], nlp=nlp)
        pipe.initialize(
            lambda: [example],
            nlp=nlp,
            labels=labels,
            confounder_corpus=lambda nlp: [],
        )
    return nlp


def _is_initialised(nlp: Language, name: str) -> bool:
    """Whether a pipe has weights; one that is all torch has a width by then."""
    model = getattr(nlp.get_pipe(name), "model", None)
    if not isinstance(model, Model):
        return False
    has = [node.has_param(key) for node in model.walk() for key in node.param_names]
    return any(has) if has else model.has_dim("nO") is True
