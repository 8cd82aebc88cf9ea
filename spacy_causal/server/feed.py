"""`Feed`: tasks made ahead of time, so that nobody waits for a model."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

Task = dict[str, Any]


class Feed:
    """Reads a stream in a thread and keeps some of its tasks ready.

    Few: what is made ahead is made by the model as it was then.

    ahead (int): How many tasks are kept ready.
    failure (str | None): Why the stream broke off, if it did.
    """

    def __init__(self, stream: Iterable[Task], *, ahead: int = 8):
        self.failure: str | None = None
        self.finished = False
        self._ready: deque[Task] = deque()
        self._ahead = ahead
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(
            target=self._run, args=(iter(stream),), daemon=True
        )
        self._thread.start()

    def take(self) -> Task | None:
        """The next task, if one is ready."""
        with self._changed:
            if not self._ready:
                return None
            task = self._ready.popleft()
            self._changed.notify_all()
            return task

    def wait(self, seconds: float) -> bool:
        """Wait until a task is ready. RETURNS (bool): Whether one is."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self.done, timeout=seconds)
            return bool(self._ready)

    @property
    def done(self) -> bool:
        """Whether there will be no more tasks."""
        return self.finished and not self._ready

    def close(self) -> None:
        """Make no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, seconds: float) -> None:
        """Wait for what is being made: a model that still runs while the interpreter
        ends crashes it. Not for ever: a source may never say another word."""
        self._thread.join(seconds)

    def _run(self, stream: Iterator[Task]) -> None:
        try:
            for task in stream:
                with self._changed:
                    self._ready.append(task)
                    self._changed.notify_all()
                    self._changed.wait_for(
                        lambda: len(self._ready) < self._ahead or self._closed
                    )
                    if self._closed:
                        return
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"[:500]
        finally:
            with self._changed:
                self.finished = True
                self._changed.notify_all()
