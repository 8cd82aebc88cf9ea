"""What a session that teaches a model begins with."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from spacy.language import Language

from spacy_causal.learning.background import BackgroundLearner
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.learning.weights import digest_of_weights
from spacy_causal.server.beforehand import (
    check_gpu,
    check_imputer,
    check_labelled,
    check_output,
    read_guidelines,
)
from spacy_causal.server.pipelines import load_pipeline
from spacy_causal.server.sources import Source
from spacy_causal.server.teaching import build_learner
from spacy_causal.specs import split_names


class Begun(NamedTuple):
    """A pipeline that asks, and the learner, in a process of its own, that it follows.

    component (str): The name of the component that learns.
    weights (str): By which its weights are known before anything is learnt.
    """

    nlp: Language
    component: str
    weights: str
    texts: Source
    guidelines: str
    background: BackgroundLearner


@contextmanager
def beginning(
    model: str,
    source: str,
    settings: LearnerSettings,
    *,
    component: str | None,
    labels: str,
    imputer: str | None = None,
    initial: Path | None,
    dev: Path | None,
    output: Path | None,
    instructions: Path | None,
    seed: int,
    gpu_id: int,
) -> Iterator[Begun]:
    """Look at all that a recipe is given before the learner starts, and end the learner
    if the session cannot begin.

    Raises OSError or ValueError for what cannot be used.
    """
    texts, names = Source(source), split_names(labels)
    check_labelled(initial, dev)
    check_output(output, model, imputer)
    check_gpu(gpu_id)
    guidelines = read_guidelines(instructions)
    nlp, name = load_pipeline(model, component, names, seed=seed)
    weights = digest_of_weights(nlp, [name])
    check_imputer(imputer, nlp, name)
    build = partial(
        *(build_learner, model, component, names),
        imputer=imputer,
        initial=initial,
        dev=dev,
        settings=settings,
        seed=seed,
        gpu_id=gpu_id,
    )
    background = BackgroundLearner(build)
    try:
        yield Begun(nlp, name, weights, texts, guidelines, background)
    except BaseException:
        background.close()
        raise
