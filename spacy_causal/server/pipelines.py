"""The pipeline of a session: trained, or blank and given labels."""

from collections.abc import Sequence
from typing import Any

import spacy
from spacy.language import Language

from spacy_causal.learning.cold_start import cold_start

BLANK = "blank:"
SCORER = "candidate_scorer"
LEARN = ("causal_ner", "causal_tagger")


def load_pipeline(
    model: str, component: str | None, labels: Sequence[str], *, seed: int = 0
) -> tuple[Language, str]:
    """Load a pipeline, and find the component that learns from feedback.

    model (str): A name or path, or "blank:en" (any language) to begin from labels.
    component (str | None): None takes the first that can learn.
    labels (Sequence[str]): Added to those that it has.
    Raises ValueError for a pipeline that nothing can be asked with.
    """
    if model.startswith(BLANK):
        if not labels:
            raise ValueError(f"{model} has no labels: name some (--labels PER,ORG).")
        name = component or LEARN[0]
        nlp = spacy.blank(model.removeprefix(BLANK))
        if name not in LEARN:
            raise ValueError(f"{name!r} does not learn from feedback: {LEARN} do.")
        return cold_start(nlp, name, labels, seed=seed), name
    nlp = spacy.load(model)
    for scorer in [n for n in nlp.pipe_names if _factory(nlp, n) == SCORER]:
        nlp.remove_pipe(scorer)
    able = [name for name in nlp.pipe_names if _factory(nlp, name) in LEARN]
    if not able or component not in (None, *able):
        names = ", ".join(nlp.pipe_names) or "no pipes"
        raise ValueError(
            f"{model} has no {component or ' or '.join(LEARN)} that learns from "
            f"feedback: it has {names}."
        )
    name = component or able[0]
    pipe: Any = nlp.get_pipe(name)
    for label in labels:
        pipe.add_label(label)
    return nlp, name


def _factory(nlp: Language, name: str) -> str:
    return nlp.get_pipe_meta(name).factory
