"""How many of Footnote's modules answer one question.

    python -m eval.bench.modules [QUESTION] [--data DIR]

Asks the question twice of the sample archive (or of DIR) and records, the second time, every
module of rag, embeddings and prompts in which a function is called. The first time loads the
models. Prints the number and the names by package. The language model is the one that the
settings name.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from eval.questions.question_file import BUNDLED_ARCHIVE
from rag.assistant import Assistant
from rag.config import load_settings
from rag.types import Question

PACKAGES = ("rag", "embeddings", "prompts")
QUESTION = "When did LI Yong visit Huawei's headquarters, and in which city?"


def modules_entered(work: Callable[[], object]) -> set[str]:
    """Names of our modules in which ``work`` calls a function, in any thread it starts."""
    entered: set[str] = set()

    def record(frame: FrameType, event: str, _: object) -> None:
        # Code of an import is not code of an answer.
        if event == "call" and frame.f_code.co_name != "<module>":
            # A wheel has the packages below footnote.
            name = str(frame.f_globals.get("__name__", "")).removeprefix("footnote.")
            if name.partition(".")[0] in PACKAGES:
                entered.add(name)

    threading.setprofile(record)
    sys.setprofile(record)
    try:
        work()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return entered


def main() -> None:
    """Ask, and print the modules by package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("question", nargs="?", default=QUESTION)
    parser.add_argument("--data", type=Path, help="an ingested archive [default: the sample]")
    arguments = parser.parse_args()
    question = Question(arguments.question)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        data = arguments.data or scratch
        assistant = stack.enter_context(Assistant.open(data, settings=load_settings()))
        if arguments.data is None:
            assistant.ingest(BUNDLED_ARCHIVE)
        assistant.ask(question)
        entered = modules_entered(lambda: assistant.ask(question))
    packages: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(entered):
        package, _, module = name.rpartition(".")
        packages[package].append(module)
    print(f"{len(entered)} modules")
    for package, modules in sorted(packages.items()):
        print(f"{package} ({len(modules)}): {', '.join(modules)}")


if __name__ == "__main__":
    main()
