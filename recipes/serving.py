"""Recipes as commands: their own arguments, and those of the server that runs them."""

import inspect
import sys
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer
from wasabi import msg

from spacy_causal.cli.options import Db
from spacy_causal.store import DEFAULT_URL

Recipe = Callable[..., dict[str, Any]]
LISTED = 5


def _serving(
    *,
    db: Db = DEFAULT_URL,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port; 0 picks a free one.", min=0, max=65535)
    ] = 8080,
    token: Annotated[
        str | None,
        typer.Option(
            help="Secret that visitors must know; needed to let in other machines.",
            envvar="SPACY_CAUSAL_TOKEN",
        ),
    ] = None,
    overlap: Annotated[
        int, typer.Option(help="How many people answer each question.", min=1)
    ] = 1,
    timeout: Annotated[
        float,
        typer.Option(
            help="Seconds until an unanswered question may go to another person."
        ),
    ] = 600.0,
    ephemeral: Annotated[
        bool,
        typer.Option("--ephemeral", help="No text and no answer is written to disk."),
    ] = False,
    terminal: Annotated[
        bool,
        typer.Option("--terminal", help="Ask in this terminal instead of on a page."),
    ] = False,
    session: Annotated[
        str,
        typer.Option(
            help="With --terminal: annotator's name (on a page: ?session=NAME)."
        ),
    ] = "",
) -> None:
    """The options of the server, as typer reads them."""


def command_of(recipe: Recipe, *, needs_page: bool = False) -> Callable[..., None]:
    """A command that calls a recipe and serves what it returns; an option that both
    have is one.

    needs_page (bool): Whether it is refused in a terminal before anything is loaded.
    """
    own, served = (inspect.signature(each).parameters for each in (recipe, _serving))

    def command(**given: Any) -> None:
        mine = {name: given[name] for name in own}
        if needs_page and given["terminal"]:
            msg.fail(f"{recipe.__name__} needs a page: omit --terminal.", exits=1)
        _run(recipe, mine, {name: given[name] for name in served})

    hints = {**get_type_hints(_serving, include_extras=True)}
    hints.update(get_type_hints(recipe, include_extras=True))
    others = [served[name] for name in served if name not in own]
    parameters = [*own.values(), *others]
    signature: Any = inspect.Signature(parameters)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {**hints, "return": None}
    command.__doc__ = recipe.__doc__
    command.__name__ = recipe.__name__
    return command


def register_with_prodigy(name: str, recipe: Recipe) -> None:
    """Make it one of Prodigy's recipes, where it is Prodigy that loads this file."""
    prodigy = sys.modules.get("prodigy")
    if prodigy is None:
        return

    def plain(*args: Any, **given: Any) -> dict[str, Any]:
        return recipe(*args, **given)

    hints = get_type_hints(recipe)
    signature: Any = inspect.Signature(
        [
            parameter.replace(annotation=hints[parameter.name])
            for parameter in inspect.signature(recipe).parameters.values()
        ]
    )
    plain.__signature__ = signature  # type: ignore[attr-defined]
    plain.__annotations__, plain.__doc__ = hints, recipe.__doc__
    prodigy.recipe(name)(plain)


def _announce(url: str) -> None:
    msg.good("Annotate", url)
    # Unflushed, a pipe or a file would get it only when the session is over.
    sys.stdout.flush()


def _run(recipe: Recipe, own: dict[str, Any], served: dict[str, Any]) -> None:
    try:
        from spacy_causal.server.messages import check_session
        from spacy_causal.server.run import Serving, open_session, serve
        from spacy_causal.server.terminal import run_in_terminal
    except ImportError as error:
        msg.fail(f"{error}: pip install 'spacy-causal[annotate]'", exits=1)
    terminal, session = served.pop("terminal"), served.pop("session")
    try:
        if session and not terminal:
            raise ValueError("--session goes with --terminal; a page takes ?session=")
        check_session(session)
        serving = Serving(**served)
        if "model" in own:
            msg.text(f"Loading {own['model']}")
        with open_session(recipe(**own), serving) as controller:
            n_answers = len(controller.ledger.answers)
            if n_answers:
                msg.info(f"{controller.dataset}: {n_answers:,} answers so far")
            if terminal:
                run_in_terminal(controller, session=session)
            else:
                serve(controller, serving, on_ready=_announce)
    except (ValueError, OSError, ImportError) as error:
        msg.fail(str(error), exits=1)
    msg.good(f"{controller.dataset}: {len(controller.ledger.answers):,} answers")
    progress = controller.progress("")
    n_back = (progress["learning"] or {}).get("rolled_back")
    if n_back:
        msg.warn(f"Taken back, since F1 on --dev fell for a label: updates: {n_back:,}")
    n_bad = progress["bad_lines"]
    if n_bad:
        lines = "bad line was" if n_bad == 1 else "bad lines were"
        msg.warn(f"{n_bad:,} {lines} skipped")
        # An ephemeral session shows no piece of a text where it may be kept.
        for problem in () if serving.ephemeral else progress["problems"][:LISTED]:
            msg.text(problem)
