"""What the page and the server say to each other."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _number(value: Any) -> Any:
    """JSON's numbers: pydantic alone would read "7" and true as such."""
    if isinstance(value, bool | str):
        raise ValueError("a number is expected")
    return value


# JavaScript's integers, SQL's BIGINT: no larger number is a hash of ours.
Hash = Annotated[int, Field(ge=0, lt=2**53), BeforeValidator(_number)]
Position = Annotated[int, Field(ge=0, lt=2**31), BeforeValidator(_number)]
HowMany = Annotated[int, Field(ge=0, le=10), BeforeValidator(_number)]
Seconds = Annotated[
    float, Field(ge=0, lt=1e6, allow_inf_nan=False), BeforeValidator(_number)
]
SESSION = r"^[\w .@+-]*$"
Label = Annotated[str, Field(max_length=1000)]
MOST_SPANS = 2000


def check_session(name: str) -> None:
    """Raise ValueError for what cannot be somebody's name."""
    if len(name) > 100 or not re.fullmatch(SESSION, name):
        raise ValueError(
            f"{name[:100]!r} is no name of a session: letters, digits, blanks "
            "and _ . @ + - are, at most 100."
        )


def _named(value: Any) -> Any:
    """Says what a name may be, where pydantic alone would show the pattern."""
    if isinstance(value, str):
        check_session(value)
    return value


Session = Annotated[
    str, Field(max_length=100, pattern=SESSION), BeforeValidator(_named)
]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SpanIn(_Message):
    """A mention; its last token is inside."""

    token_start: Position
    token_end: Position
    label: Label


class AnswerIn(_Message):
    """One answer; `spans` where it is about a whole sentence."""

    task_hash: Hash
    answer: Literal["accept", "reject", "ignore"]
    accept: list[Label] = Field(default=[], max_length=1)
    also_shown: list[Label] = Field(default=[], max_length=500)
    seconds: Seconds | None = None
    spans: list[SpanIn] | None = Field(default=None, max_length=MOST_SPANS)


class AnswersIn(_Message):
    """Answers in the order given, and how many questions are wanted after them."""

    session: Session = ""
    answers: list[AnswerIn] = Field(max_length=50)
    n: HowMany = 1


class SessionIn(_Message):
    """Whose answer is taken back, or saved."""

    session: Session = ""


class Refusal(BaseModel):
    """Why something was refused, or failed."""

    detail: str | list[str]


class QuestionsOut(BaseModel):
    """The next questions, as Prodigy's tasks; tokens are left out where a
    question is about one span.

    done: Whether there are no more for this session.
    held: Whether others have the last ones, which may come back.
    saved: For each answer that came, "saved", "known", "other" (there is another one of
        this session's, which stays), "taken" (by somebody else) or "unasked" (since the
        server was started anew: the question comes again).
    """

    questions: list[dict[str, Any]]
    done: bool
    held: bool
    progress: dict[str, Any]
    saved: list[Literal["saved", "known", "other", "taken", "unasked"]] = []


class UndoOut(BaseModel):
    """The question whose answer was taken back, if there was one."""

    question: dict[str, Any] | None
    progress: dict[str, Any]
