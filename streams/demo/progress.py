"""How the day goes on: bars on a terminal, a line for every hour elsewhere."""

from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from streams.demo.hours import to_london
from streams.domain.time import HOUR, Instant


class Bars:
    """One bar for each phase, with the hospital's clock and what has come out so far."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<36}"),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[says]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def phase(self, title: str, steps: int) -> None:
        self._task = self._progress.add_task(title, total=steps, says="")

    def step(self, now: Instant, fed: int, sends: int, tasks: int) -> None:
        assert self._task is not None, "a step belongs to a phase"
        self._progress.update(self._task, advance=1, says=_says(now, fed, sends, tasks))


class Lines:
    """For logs and pipelines: a line when a phase begins, and one an hour of the hospital's day."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next: Instant = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def phase(self, title: str, steps: int) -> None:
        self._console.print(title)
        self._next = 0

    def step(self, now: Instant, fed: int, sends: int, tasks: int) -> None:
        if now >= self._next:
            self._console.print(f"  {_says(now, fed, sends, tasks)}")
            self._next = now // HOUR * HOUR + HOUR


def progress_for(console: Console) -> Bars | Lines:
    return Bars(console) if console.is_terminal else Lines(console)


_DAY_AND_TIME: Final = "%a %H:%M"


def _says(now: Instant, fed: int, sends: int, tasks: int) -> str:
    return f"{to_london(now).strftime(_DAY_AND_TIME)}  {fed:>6,} in  {sends:>6,} messages  {tasks:>5,} tasks"
