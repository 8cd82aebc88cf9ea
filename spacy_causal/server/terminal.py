"""The same session in a terminal, over ssh: one key answers and moves on."""

import codecs
import os
import re
import select
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import click

from spacy_causal.server.controller import Controller
from spacy_causal.server.feed import Task
from spacy_causal.server.terminal_question import Question, search

KEYS = ("backspace undo", "ctrl+s save", "q quit")
KEY = re.compile("\x1b[\\[O][0-9;]*.|.", re.DOTALL)
CUT = re.compile("\x1b([\\[O][0-9;]*)?\\Z")
UNDO, SAVE, QUIT = ("\x7f", "\x08"), "\x13", ("q", "\x04")
CUT_FOR = 0.5
LOST = {"taken": "Somebody else answered that", "other": "You answered that before"}
ENTER, UP_DOWN = ("\r", "\n"), {"\x1b[A": -1, "\x1b[B": 1}


def run_in_terminal(controller: Controller, *, session: str = "") -> None:
    """Ask until there is nothing left or somebody quits; then close the session.

    session (str): Whose answers they are.
    Raises ValueError for a view that only a page can show.
    """
    if controller.view_id != "choice":
        controller.close()
        raise ValueError(f"The view {controller.view_id} needs a page: no --terminal.")
    try:
        _show_guidelines(controller.config)
        with _keyboard() as next_key:
            while not controller.is_done(session):
                tasks = controller.questions(session, 1, wait=5)
                if tasks and not _ask(controller, session, tasks[0], next_key):
                    break
        _show_failures(controller)
    except (KeyboardInterrupt, EOFError):
        pass
    finally:
        controller.close()


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
    """Key by key; an arrow, say, is one, even if ssh brings it in two parts. Raises
    EOFError at the end."""
    decoder, cut = codecs.getincrementaldecoder("utf8")("replace"), ""
    while data := os.read(terminal, 64):
        text = cut + decoder.decode(data)
        whole = CUT.sub("", text)
        yield from KEY.findall(whole)
        cut = text.removeprefix(whole)
        if cut and not select.select([terminal], [], [], CUT_FOR)[0]:
            yield cut
            cut = ""
    raise EOFError


def _ask(
    controller: Controller, session: str, task: Task, next_key: Callable[[], str]
) -> bool:
    """RETURNS (bool): False when somebody quits."""
    question = Question(task, controller.config)
    labels = controller.config.get("labels", ())
    _show(question, controller)
    since = time.monotonic()
    while True:
        key, before = next_key(), question.following
        # A letter is the same with Shift or Caps Lock, as on the page.
        key = key.lower() if key.isalpha() else key
        if key in QUIT:
            return False
        if key in UNDO and not question.back():
            controller.undo(session)
            return True
        if key == SAVE:
            controller.save()
            continue
        if key == "?":
            _show_guidelines(controller.config)
        given = question.press(key, partial(_pick, labels, next_key))
        if given is not None:
            seconds = round(time.monotonic() - since, 2)
            given = replace(given, seconds=seconds)
            why = LOST.get(controller.answer(session, given))
            if why is not None:
                click.echo(f"\n  {why}: yours was not kept.")
            return True
        if key in ("?", "/") or question.following is not before:
            _show(question, controller)


def _pick(labels: Sequence[str], next_key: Callable[[], str]) -> str | None:
    """Have one of all labels searched for, on one line. RETURNS (str | None): None when
    somebody leaves."""
    wanted, at = "", 0
    while True:
        found = search(labels, wanted)
        _show_search(wanted, found, at)
        key = next_key()
        if key in ("\x1b", "\x04") or (key in UNDO and not wanted):
            click.echo()
            return None
        if key in ENTER and found:
            click.echo()
            return found[at]
        if key in UP_DOWN:
            at = max(0, min(at + UP_DOWN[key], len(found) - 1))
        elif key in UNDO:
            wanted, at = wanted[:-1], 0
        elif key.isprintable():
            wanted, at = wanted + key, 0


def _show_search(wanted: str, found: Sequence[str], at: int) -> None:
    """What was typed and what has it in its name, from the one that enter takes."""
    left = shutil.get_terminal_size().columns - 1
    names = found[at:] or ["(no label has that in its name)"]
    parts = [f"  / {printable(wanted)}_", *(f"  {printable(x)}" for x in names)]
    click.echo("\r\x1b[K", nl=False)
    for i, part in enumerate(parts):
        if left <= 0:
            break
        click.echo(click.style(part[:left], bold=i == 1, dim=i > 1), nl=False)
        left -= len(part)


def _show_guidelines(config: dict[str, Any]) -> None:
    guidelines = config.get("instructions")
    if guidelines:
        click.echo("\n" + printable(guidelines).strip())


def _show_failures(controller: Controller) -> None:
    """Why nothing is learnt, and why there will be no more questions."""
    progress = controller.progress("")
    learning = (progress["learning"] or {}).get("failure")
    for failure in (learning and f"model: {learning}", progress["failure"]):
        if failure:
            click.secho(f"\n  {printable(failure)}", fg="red")


def _show(question: Question, controller: Controller) -> None:
    task, config = question.task, controller.config
    text = printable(task["text"])
    start, end = task["spans"][0]["start"], task["spans"][0]["end"]
    mention = click.style(text[start:end], reverse=True, bold=True)
    _show_failures(controller)
    click.echo("\n" + text[:start] + mention + text[end:] + "\n")
    if question.prompt:
        click.echo(f"  {question.prompt}")
    for key, option in question.choices.items():
        score = f"  {option['score']:.0%}" if "score" in option else ""
        click.echo(f"  {key}  {printable(option['text'])}{score}")
    if config.get("all_labels"):
        names = ", ".join(map(printable, config.get("labels", ())))
        columns = shutil.get_terminal_size().columns
        click.echo(click.wrap_text(names, columns, "  /  ", "     "))
    for version in task.get("versions", ()):
        chosen = question.text_of(str((version["accept"] or [config.get("none")])[0]))
        names = ", ".join(name or "no name" for name in version["sessions"])
        click.echo(f"     {names} said: {printable(chosen)}")
    guidelines = ["? guidelines"] if config.get("instructions") else []
    keys = [*question.keys, *guidelines, *KEYS]
    total = len(controller.ledger.answers)
    click.echo(click.style(f"  {'   '.join(keys)}   ({total} answered)", dim=True))


def printable(text: str) -> str:
    """A text of the same length that cannot move the cursor or turn the line round."""
    hidden = {0x200B, 0xFEFF, *range(0x202A, 0x202F), *range(0x2060, 0x206A)}
    hidden |= {*range(0x20), *range(0x7F, 0xA0)} - {0x0A}
    return "".join("·" if ord(x) in hidden else x for x in text)
