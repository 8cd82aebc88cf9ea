"""The same session in a terminal, over ssh: one key answers and moves on."""

import time
from typing import Any

import click

from spacy_causal.server.controller import Controller, Given
from spacy_causal.server.feed import Task

HELP = "x none of these   0 not a mention   space skip   backspace undo   ctrl+s save"
KEYS = {"x": "reject", " ": "ignore"}
UNDO, SAVE, QUIT = ("\x7f", "\x08"), "\x13", ("q", "\x04", "\x1b")


def run_in_terminal(controller: Controller, *, session: str = "") -> None:
    """Ask until there is nothing left or somebody quits; then close the session.

    Raises ValueError for a view that only a page can show.
    """
    if controller.view_id != "choice":
        controller.close()
        raise ValueError(f"The view {controller.view_id} needs a page: no --terminal.")
    try:
        while not controller.is_done(session):
            tasks = controller.questions(session, 1, wait=5)
            if tasks and not _ask(controller, session, tasks[0]):
                break
    except (KeyboardInterrupt, EOFError):
        pass
    finally:
        controller.close()


def given_for(key: str, task: Task, config: dict[str, Any]) -> Given | None:
    """The answer that a key gives; None for a key that gives none."""
    number, none = task["_task_hash"], config.get("none")
    special = (none, config.get("outside"))
    options = [x["id"] for x in task["options"]]
    choices = [x for x in options if x not in special or x in task.get("shown", ())]
    if key in KEYS:
        return Given(number, KEYS[key])
    if key == "a":
        key = "1"
    if key == "0" and config.get("outside") in options:
        return Given(number, "accept", [config["outside"]])
    if key.isdecimal() and 1 <= int(key) <= len(choices):
        return Given(number, "accept", [choices[int(key) - 1]])
    return None


def _ask(controller: Controller, session: str, task: Task) -> bool:
    """RETURNS (bool): False when somebody quits."""
    _show(task, controller)
    since = time.monotonic()
    while True:
        key = click.getchar()
        if key in QUIT:
            return False
        if key in UNDO:
            controller.undo(session)
            return True
        if key == SAVE:
            controller.save()
            continue
        given = given_for(key, task, controller.config)
        if given is not None:
            seconds = round(time.monotonic() - since, 2)
            controller.answer(session, Given(**{**vars(given), "seconds": seconds}))
            return True


def _show(task: Task, controller: Controller) -> None:
    text = printable(task["text"])
    start, end = task["spans"][0]["start"], task["spans"][0]["end"]
    mention = click.style(text[start:end], reverse=True, bold=True)
    click.echo("\n" + text[:start] + mention + text[end:] + "\n")
    for number, option in enumerate(task["options"], start=1):
        if "score" in option:
            label = printable(option["text"])
            click.echo(f"  {number}  {label}  {option['score']:.0%}")
    total = len(controller.ledger.answers)
    click.echo(click.style(f"  {HELP}   q quit   ({total} answered)", dim=True))


def printable(text: str) -> str:
    """A text of the same length that cannot move the cursor or turn the line round."""
    hidden = {0x200B, 0xFEFF, *range(0x202A, 0x202F), *range(0x2060, 0x206A)}
    hidden |= {*range(0x20), *range(0x7F, 0xA0)} - {0x0A}
    return "".join("·" if ord(x) in hidden else x for x in text)
