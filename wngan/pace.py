"""How many of a workflow's jobs are done, and how long the others will take."""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from statistics import mean

from wngan.progress import seconds_left

END = 1000
"""Bytes of a log in which its last line is."""


@dataclass(frozen=True)
class Job:
    """A job that runs.

    Attributes:
        rule: its name.
        wildcards: their values.
        logs: their paths; the first one counts.
        began: the clock at its start.
    """

    rule: str
    wildcards: Sequence[str]
    logs: Sequence[str]
    began: float

    def __str__(self) -> str:
        """Its rule and wildcards."""
        return " ".join([self.rule.replace("_", " "), *self.wildcards])

    def left(self) -> float | None:
        """The seconds that are left by its log, None if that does not say."""
        with suppress(OSError, IndexError), open(self.logs[0], "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - END))
            return seconds_left(file.read().decode(errors="replace"))
        return None


class Pace:
    """Keeps count of jobs, and of the time that those of each rule take.

    Attributes:
        done, total: jobs.
        waiting: jobs that have not begun, by their rules; a checkpoint may add others.
        running: jobs by their numbers.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.done = self.total = 0
        self.waiting: Counter[str] = Counter()
        self.running: dict[int, Job] = {}
        self._taken: defaultdict[str, list[float]] = defaultdict(list)
        self._at_once = 1

    def begin(self, number: int, rule: str, wildcards: Sequence[str], logs: Sequence[str]) -> None:
        """A job runs from now on."""
        self.running[number] = Job(rule, wildcards, logs, self.clock())
        self.waiting[rule] -= 1
        self._at_once = max(self._at_once, len(self.running))

    def end(self, number: int, well: bool) -> None:
        """A job has ended, well or not."""
        job = self.running.pop(number, None)
        if job and well:
            self._taken[job.rule].append(self.clock() - job.began)

    def left(self) -> float | None:
        """Seconds until all jobs are done, if they take as long as others of their rules.

        Jobs that run take as long as their logs say. Those of rules of which nothing is known yet,
        mostly tables and figures, take as long as those of the quickest rule. As many run at once
        as have so far.

        Returns:
            None before that is known of a rule with several jobs that are not all done, unless half
            of all are: how long the preparation takes says nothing of a hundred others.
        """
        ages = {number: self.clock() - job.began for number, job in self.running.items()}
        said = {number: job.left() for number, job in self.running.items()}
        taken = {rule: list(seconds) for rule, seconds in self._taken.items()}
        for number, left in said.items():
            if left is not None:
                taken.setdefault(self.running[number].rule, []).append(ages[number] + left)
        waiting = +self.waiting
        several = self._taken.keys() & {job.rule for job in self.running.values()}
        known = bool(several or taken.keys() & waiting.keys()) or 2 * self.done >= self.total
        if not taken or not (known or taken.keys() >= waiting.keys()):
            return None
        means = {rule: mean(seconds) for rule, seconds in taken.items()}
        least = min(means.values())
        running = [0.0]
        for number, job in self.running.items():
            by_rule = max(0, means.get(job.rule, least) - ages[number])
            left = said[number]
            running.append(by_rule if left is None else left)
        added = max(0, self.total - self.done - len(self.running) - waiting.total())
        rest = sum(count * means.get(rule, least) for rule, count in waiting.items())
        return max(*running, (sum(running) + rest + added * least) / self._at_once)

    def __str__(self) -> str:
        """How many jobs are done, how long the others will take, and which run."""
        text = f"{self.done} of {self.total} jobs done"
        if not self.running:
            return text
        left = self.left()
        time_left = "" if left is None else f", about {timedelta(seconds=round(left))} left"
        return f"{text}{time_left}: {', '.join(map(str, self.running.values()))}"
