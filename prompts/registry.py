"""Prompts by name and version, rendered strictly and identified by their hash.

A template is one Markdown file, ``prompts/templates/<name>.v<version>.md``, in the
syntax of ``string.Template``. A published wording never changes: a new wording is a new
version, so an answer that records its prompt's id can always be traced to the text.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template

_FILE_NAME = re.compile(r"(?P<name>[a-z][a-z0-9_-]*)\.v(?P<version>[1-9][0-9]*)\.md", re.ASCII)
_ID_HASH_DIGITS = 12


class PromptError(Exception):
    """A template or its use is wrong; ``detail`` says how, ``remedy`` what to do about it."""

    def __init__(self, detail: str, *, remedy: str | None = None) -> None:
        super().__init__(f"{detail}; {remedy}" if remedy else detail)
        self.detail = detail
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Prompt:
    """One wording of one prompt. ``sha256`` is the hex digest of ``text`` in UTF-8."""

    name: str
    version: int
    text: str
    sha256: str

    @property
    def id(self) -> str:
        """What an answer records: "answer.v1@" and the first 12 digits of the hash."""
        return f"{self.name}.v{self.version}@{self.sha256[:_ID_HASH_DIGITS]}"

    @property
    def variables(self) -> frozenset[str]:
        """Names that ``render`` must be given, no more and no fewer."""
        return frozenset(Template(self.text).get_identifiers())

    def render(self, **values: str) -> str:
        """The text with every variable replaced. Values are inserted as they are.

        Raises:
            PromptError: variables are missing or unknown; the message names them all.
        """
        missing = sorted(self.variables - values.keys())
        unknown = sorted(values.keys() - self.variables)
        if missing or unknown:
            faults = [
                f"{label} {', '.join(names)}"
                for label, names in (("missing", missing), ("unknown", unknown))
                if names
            ]
            raise PromptError(
                f"prompt {self.id} cannot be rendered: {'; '.join(faults)}",
                remedy=f"it takes {', '.join(sorted(self.variables)) or 'no variables'}",
            )
        return Template(self.text).substitute(values)


def latest_prompts() -> tuple[Prompt, ...]:
    """The highest version of each prompt, by name."""
    latest = {prompt.name: prompt for prompt in sorted(list_prompts(), key=lambda p: p.version)}
    return tuple(latest[name] for name in sorted(latest))


def load_prompt(name: str, version: int | None = None) -> Prompt:
    """The prompt of that name and version; the highest version when none is given.

    Raises:
        PromptError: there is no such prompt or version; the message lists what there is.
    """
    versions = {prompt.version: prompt for prompt in list_prompts() if prompt.name == name}
    if not versions:
        known = ", ".join(sorted({prompt.name for prompt in list_prompts()}))
        raise PromptError(f"there is no prompt '{name}'", remedy=f"known are: {known or 'none'}")
    wanted = max(versions) if version is None else version
    if wanted not in versions:
        known = ", ".join(str(number) for number in sorted(versions))
        raise PromptError(f"prompt '{name}' has no version {wanted}", remedy=f"known are: {known}")
    return versions[wanted]


def list_prompts() -> list[Prompt]:
    """All prompts that ship with Footnote, ordered by name and then version.

    Raises:
        PromptError: a template's file name or syntax is malformed.
    """
    return list(_shipped_prompts())


@cache
def _shipped_prompts() -> tuple[Prompt, ...]:
    folder = resources.files(__package__).joinpath("templates")
    # read_text turns CRLF into LF, so a checkout with other line ends has the same hash.
    prompts = [
        make_prompt(entry.name, entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".md")
    ]
    return tuple(sorted(prompts, key=lambda prompt: (prompt.name, prompt.version)))


def make_prompt(file_name: str, text: str) -> Prompt:
    """The prompt that a template file of this name and text stands for.

    Raises:
        PromptError: the name is not ``<name>.v<version>.md``, or the text holds a ``$``
            that begins no variable (a literal one is written ``$$``).
    """
    match = _FILE_NAME.fullmatch(file_name)
    if match is None:
        raise PromptError(
            f"'{file_name}' is no template name", remedy="call it <name>.v<version>.md"
        )
    if not Template(text).is_valid():
        raise PromptError(f"'{file_name}' holds a '$' that begins no variable", remedy="write '$$'")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Prompt(match["name"], int(match["version"]), text, digest)
