"""The clients of eval/bench/load.py, for locust: they ask as fast as they are answered."""

from __future__ import annotations

import json
import random
from argparse import ArgumentParser
from itertools import cycle
from pathlib import Path
from typing import Any

from locust import FastHttpUser, events, task

QUESTIONS = Path(__file__).resolve().parent.parent / "questions" / "sample.jsonl"


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--questions-seed", type=int, default=1)


class _Client(FastHttpUser):
    """One after another, all questions of the sample set, in an order of its own."""

    abstract = True
    network_timeout = connection_timeout = 120.0
    begun = 0

    def on_start(self) -> None:
        """Shuffle by the seed and by which client it is."""
        _Client.begun += 1
        lines = QUESTIONS.read_text(encoding="utf-8").splitlines()
        questions = [json.loads(line)["question"] for line in lines if line.strip()]
        seed: Any = self.environment.parsed_options.questions_seed
        random.Random(seed * 1000 + _Client.begun).shuffle(questions)
        self.questions = cycle(questions)


class SearchClient(_Client):
    """Searches."""

    @task
    def search(self) -> None:
        """One search."""
        self.client.post("/search", json={"query": next(self.questions)})


class AskClient(_Client):
    """Asks."""

    @task
    def ask(self) -> None:
        """One question."""
        self.client.post("/ask", json={"question": next(self.questions)})
