"""The same session in a terminal, over ssh: one key answers and moves on."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from spacy_causal.server.controller import Controller, Given
from spacy_causal.server.feed import Task

HELP = "x none of these   0 not a mention   space skip   backspace undo   ctrl+s save"
KEYS = {"x": "reject", " ": "ignore"}
KEY = re.compile("\x1b[\\[O][0-9;]*.|.", re.DOTALL)
UNDO, SAVE, QUIT = ("\x7f", "\x08"), "\x13", ("q", "\x04", "\x1b")


def run_in_terminal(controller: Controller, *, session: str = "") -> None:
    """Ask until there is nothing left or somebody quits; then close the session.

    Raises ValueError for a view that only a page can show.
    """
    if controller.view_id != "choice":
        controller.close()
        raise ValueError(f"The view {controller.view_id} needs a page: no --terminal.")
    try:
        with _keyboard() as next_key:
            while not controller.is_done(session):
                tasks = controller.questions(session, 1, wait=5)
                if tasks and not _ask(controller, session, tasks[0], next_key):
                    break
    except (KeyboardInterrupt, EOFError):
        pass
    finally:
        controller.close()


def given_for(key: str, task: Task, config: dict[str, Any]) -> Given | None:
    """The answer that a key gives; None for a key that gives none."""
    number, choices = task["_task_hash"], choices_of(task, config)
    options = [x["id"] for x in task["options"]]
    if key in KEYS:
        return Given(number, KEYS[key])
    if key == "a":
        key = "1"
    if key == "0" and config.get("outside") in options:
        return Given(number, "accept", [config["outside"]])
    if key.isdecimal() and 1 <= int(key) <= len(choices):
        return Given(number, "accept", [choices[int(key) - 1]["id"]])
    return None


def choices_of(task: Task, config: dict[str, Any]) -> list[dict[str, Any]]:
    """The options that have numbers: labels."""
    special, shown = (config.get("none"), config.get("outside")), task.get("shown", ())
    return [x for x in task["options"] if x["id"] in shown or x["id"] not in special]


@contextmanager
def _keyboard() -> Iterator[Callable[[], str]]:
    """How keys are read. The terminal is set once for the whole session: set anew for
    each key, as click does, it forgets what was typed ahead."""
    try:
        import termios
        import tty
    except ImportError:
        yield click.getchar
        return
    if not sys.stdin.isatty():
        yield click.getchar
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)
        mode = termios.tcgetattr(terminal)
        # Ctrl+S is ours, and does not stop the screen.
        mode[0] &= ~termios.IXON
        termios.tcsetattr(terminal, termios.TCSADRAIN, mode)
        keys = _keys(terminal)
        yield lambda: next(keys)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _keys(terminal: int) -> Iterator[str]:
    """Key by key; an arrow, say, is one. Raises EOFError at the end."""
    while data := os.read(terminal, 64):
        yield from KEY.findall(data.decode("utf8", "replace"))
    raise EOFError


def _ask(
    controller: Controller, session: str, task: Task, next_key: Callable[[], str]
) -> bool:
    """RETURNS (bool): False when somebody quits."""
    _show(task, controller)
    since = time.monotonic()
    while True:
        key = next_key()
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
    for number, option in enumerate(choices_of(task, controller.config), start=1):
        score = f"  {option['score']:.0%}" if "score" in option else ""
        click.echo(f"  {number}  {printable(option['text'])}{score}")
    for version in task.get("versions", ()):
        chosen = (version["accept"] or [controller.config.get("none")])[0]
        names = ", ".join(name or "no name" for name in version["sessions"])
        click.echo(f"     {names} said: {printable(str(chosen))}")
    total = len(controller.ledger.answers)
    click.echo(click.style(f"  {HELP}   q quit   ({total} answered)", dim=True))


def printable(text: str) -> str:
    """A text of the same length that cannot move the cursor or turn the line round."""
    hidden = {0x200B, 0xFEFF, *range(0x202A, 0x202F), *range(0x2060, 0x206A)}
    hidden |= {*range(0x20), *range(0x7F, 0xA0)} - {0x0A}
    return "".join("·" if ord(x) in hidden else x for x in text)
