"""`python -m spacy causal confounders`."""

from typing import Annotated, Any

import typer
from wasabi import msg


def confounders(
    model: Annotated[str, typer.Argument(help="A trained pipeline: name or path.")],
    component: Annotated[
        str | None,
        typer.Option(help="Name of the component; needed if there are several."),
    ] = None,
    top: Annotated[int, typer.Option(help="How many to show.", min=0)] = 20,
) -> None:
    """Show a component's confounders.

    Each with its probability P(z) and the labels it raises and lowers most.
    """
    from spacy.util import load_model

    from spacy_causal.pipeline.finding import find_labeller

    try:
        nlp = load_model(model)
        pipe: Any = nlp.get_pipe(find_labeller(nlp, component))
    except (ValueError, OSError) as error:
        msg.fail(str(error), exits=1)
    effects = pipe.confounder_effects()
    rows = [
        (c.word, f"{c.probability:.4f}", f"{c.strength:.2f}", *_ends(effects, c.word))
        for c in pipe.confounders[:top]
    ]
    msg.table(
        rows,
        header=("confounder", "P(z)", "strength", "moves towards", "moves away from"),
        divider=True,
        aligns=("l", "r", "r", "l", "l"),
    )
    msg.text(f"{len(rows)} of {len(pipe.confounders)} confounders; effects in nats.")


def _ends(effects: dict[str, dict[str, float]], word: str) -> tuple[str, str]:
    """The labels that a confounder raises and lowers most."""
    moved = effects.get(word)
    if not moved:
        return "-", "-"
    low, high = min(moved, key=moved.__getitem__), max(moved, key=moved.__getitem__)
    return f"{high} {moved[high]:+.2f}", f"{low} {moved[low]:+.2f}"
