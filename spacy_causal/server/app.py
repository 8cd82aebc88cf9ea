"""The HTTP face of a session: a page, and a few calls that it makes."""

from mimetypes import guess_type
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from spacy_causal.server.answering import Given
from spacy_causal.server.controller import Controller
from spacy_causal.server.manual import VIEW as MANUAL
from spacy_causal.server.messages import (
    AnswersIn,
    QuestionsOut,
    Refusal,
    Session,
    SessionIn,
    UndoOut,
)
from spacy_causal.server.security import Guard

STATIC = Path(__file__).parent / "static"
WAIT = 1.0
FOR_THE_PAGE = ("text", "spans", "options", "shown", "next", "versions", "_task_hash")
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal},
    413: {"model": Refusal},
    422: {"model": Refusal},
    503: {"model": Refusal},
}
SessionQuery = Annotated[Session, Query()]


def create_app(
    controller: Controller, *, host: str = "127.0.0.1", token: str | None = None
) -> FastAPI:
    """The server of one session, which whoever runs it closes."""
    app = FastAPI(
        title="spacy-causal",
        openapi_url="/api/openapi.json",
        responses=REFUSALS,
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(Guard, host=host, token=token)
    app.add_exception_handler(RequestValidationError, _say_what_is_wrong)
    app.add_exception_handler(OSError, _say_what_failed)
    _add_calls(app, controller)
    _add_page(app)
    return app


def _add_calls(app: FastAPI, controller: Controller) -> None:
    @app.get("/api/config")
    def config() -> dict[str, Any]:
        """What the page has to know of the session."""
        about = {"dataset": controller.dataset, "view_id": controller.view_id}
        return {**about, "config": controller.config}

    @app.get("/api/questions")
    def questions(
        session: SessionQuery = "", n: Annotated[int, Query(ge=1, le=10)] = 2
    ) -> QuestionsOut:
        """The next questions: first those that were handed out and not answered."""
        return _questions(controller, session, n)

    @app.post("/api/answers")
    def answers(given: AnswersIn) -> QuestionsOut:
        """Keep answers. When this returns they are on the disk."""
        said = [Given(**answer.model_dump()) for answer in given.answers]
        try:
            saved = [controller.answer(given.session, answer) for answer in said]
        except ValueError as error:
            raise HTTPException(422, [str(error)]) from error
        out = _questions(controller, given.session, given.n)
        return out.model_copy(update={"saved": saved})

    @app.post("/api/undo")
    def undo(of: SessionIn) -> UndoOut:
        """Take back the session's last answer, and what was learnt from it."""
        task = controller.undo(of.session)
        progress = controller.progress(of.session)
        return UndoOut(question=task and _for_page(task), progress=progress)

    @app.post("/api/save")
    def save(of: SessionIn) -> dict[str, Any]:
        """Have the model learn from all that waits."""
        controller.save()
        return controller.progress(of.session)

    @app.get("/api/progress")
    def progress(session: SessionQuery = "") -> dict[str, Any]:
        """How far the session is."""
        return controller.progress(session)


def _add_page(app: FastAPI) -> None:
    """Only files that are in the folder now can be had: no path is ever made."""
    files = {path.name: path.read_bytes() for path in STATIC.iterdir()}

    @app.get("/", include_in_schema=False)
    def page() -> Response:
        return Response(files["index.html"], media_type="text/html")

    @app.get("/static/{name}", include_in_schema=False)
    def static(name: str) -> Response:
        if name not in files:
            raise HTTPException(404, "There is no such file.")
        return Response(files[name], media_type=guess_type(name)[0])


async def _say_what_is_wrong(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's own handler repeats what was said, and cannot spell all of it."""
    wrong = error.errors() if isinstance(error, RequestValidationError) else ()
    where = [".".join(map(str, each["loc"])) for each in wrong]
    detail = [
        f"{at}: {each['msg'].removeprefix('Value error, ')}"
        for at, each in zip(where, wrong, strict=True)
    ]
    safe = [text.encode("ascii", "backslashreplace").decode() for text in detail]
    return JSONResponse({"detail": safe[:20]}, 422)


async def _say_what_failed(request: Request, error: Exception) -> JSONResponse:
    """A full disk, say, may have room again when the page next tries."""
    return JSONResponse({"detail": str(error)}, 503)


def _questions(controller: Controller, session: str, n: int) -> QuestionsOut:
    tasks = controller.questions(session, n, wait=WAIT if n else 0)
    done = not tasks and n > 0 and controller.is_done(session)
    return QuestionsOut(
        questions=[_for_page(task) for task in tasks],
        done=done,
        held=done and controller.may_come_back(session),
        progress=controller.progress(session),
    )


def _for_page(task: dict[str, Any]) -> dict[str, Any]:
    """A long text's tokens are most of a task: sent only where the page needs them."""
    tokens = ("tokens",) if task.get("_view_id") == MANUAL else ()
    names = (*FOR_THE_PAGE, *tokens)
    return {name: task[name] for name in names if name in task}
