"""The pipeline of a session: trained, or blank and given labels."""

from collections.abc import Sequence
from typing import Any

import spacy
from spacy.language import Language

from spacy_causal.learning.cold_start import cold_start
from spacy_causal.pipeline.finding import LABELLERS, find_labeller
from spacy_causal.pipeline.loading import load_trained

BLANK = "blank:"
SCORER = "candidate_scorer"


def load_pipeline(
    model: str, component: str | None, labels: Sequence[str], *, seed: int = 0
) -> tuple[Language, str]:
    """Load a pipeline, and find the component that learns from feedback.

    model (str): A name or path, or "blank:en" (any language) to begin from labels.
    component (str | None): None takes the only one that can learn.
    labels (Sequence[str]): Added to those that it has.
    Raises ValueError for a pipeline that nothing can be asked with, and as
        `load_trained` and `find_labeller` do.
    """
    if model.startswith(BLANK):
        if not labels:
            raise ValueError(f"{model} has no labels: name some (--labels PER,ORG).")
        name = component or LABELLERS[0]
        nlp = spacy.blank(model.removeprefix(BLANK))
        if name not in LABELLERS:
            raise ValueError(f"{name!r} does not learn from feedback: {LABELLERS} do.")
        return cold_start(nlp, name, labels, seed=seed), name
    nlp = load_trained(model)
    scorers = [x for x in nlp.pipe_names if nlp.get_pipe_meta(x).factory == SCORER]
    for scorer in scorers:
        nlp.remove_pipe(scorer)
    name = find_labeller(nlp, component)
    pipe: Any = nlp.get_pipe(name)
    for label in labels:
        pipe.add_label(label)
    return nlp, name
