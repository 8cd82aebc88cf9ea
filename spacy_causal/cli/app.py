"""The `causal` group that `python -m spacy` finds by its entry point."""

import typer

app = typer.Typer(
    name="causal",
    help="Train token labellers with little labelled data and people in the loop.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
