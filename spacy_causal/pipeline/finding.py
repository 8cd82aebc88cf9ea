"""Which component of a pipeline is meant."""

from collections.abc import Collection

from spacy.language import Language

LABELLERS = ("causal_ner", "causal_tagger")


def labellers_of(nlp: Language, factories: Collection[str] = LABELLERS) -> list[str]:
    """The names of a pipeline's labellers, in its order."""
    names = nlp.pipe_names
    return [name for name in names if nlp.get_pipe_meta(name).factory in factories]


def find_labeller(
    nlp: Language, component: str | None = None, *, or_else: tuple[str, ...] = ()
) -> str:
    """The labeller that is named, else the only one that there is.

    component (str | None): Its name.
    or_else (tuple[str, ...]): Factories that will do where there is no `causal_ner` and
        no `causal_tagger`, or where one of theirs is named.
    Raises ValueError where there is none, or several and none is named.
    """
    kinds = (*LABELLERS, *or_else)
    able = labellers_of(nlp, kinds)
    if not able or component not in (None, *able):
        what = f"{', '.join(kinds[:-1])} or {kinds[-1]}"
        wanted = f"{component} that is a {what}" if component else what
        names = ", ".join(nlp.pipe_names) or "no pipes"
        raise ValueError(f"The pipeline has no {wanted}: it has {names}.")
    found = [component] if component else labellers_of(nlp) or able
    if len(found) > 1:
        names = f"{', '.join(found[:-1])} and {found[-1]}"
        raise ValueError(f"The pipeline has {names}: say which (--component).")
    return found[0]
