"""A callback that sees the confounders' vectors anew before a model is saved."""

from collections.abc import Callable, Iterable
from copy import deepcopy

from spacy.language import Language
from spacy.training import Example


def create_refresh_confounders(
    corpus: Callable[[Language], Iterable[Example]],
) -> Callable[[Language], Language]:
    """For `[training.before_to_disk]` where the optimizer averages parameters: the
    vectors were seen with other weights than those that are saved. It is a copy that is
    refreshed and saved, or training would go on differently after each checkpoint.
    Components that are frozen stay as they are.

    corpus (Callable[[Language], Iterable[Example]]): A reader of training data.
    """

    def refresh(nlp: Language) -> Language:
        nlp = deepcopy(nlp)
        frozen = nlp.config["training"]["frozen_components"]
        for name, pipe in nlp.pipeline:
            if hasattr(pipe, "refresh_confounders") and name not in frozen:
                later = nlp.pipe_names[nlp.pipe_names.index(name) :]
                texts = (example.predicted for example in corpus(nlp))
                with nlp.select_pipes(disable=later):
                    pipe.refresh_confounders(nlp.pipe(texts))
        return nlp

    return refresh
