"""How the wheel is built: every package of the repository goes below ``footnote``.

In the repository the code imports ``rag.types``; a wheel that installed packages of such
common names at the top level would clash with others. So a wheel holds
``footnote/rag/types.py``, and its imports say ``from footnote.rag.types import ...``. Files
that are not Python keep their contents: ``sources`` in pyproject.toml places them. An
editable install points at the repository and changes nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = ["PACKAGES", "PUBLIC", "WheelBuildHook", "rewritten"]

PACKAGES = ("rag", "embeddings", "prompts", "server", "eval")
# The package that `import footnote` finds, in the wheel and in an editable install.
PUBLIC = Path("deploy", "wheel", "footnote")
# As a command of the documentation names a module: "python -m eval.bench.load".
_RUN_MODULE = re.compile(rf"(?<=python -m )(?=(?:{'|'.join(PACKAGES)})\.)")
# Calls whose first argument names a package.
_TAKES_A_PACKAGE = frozenset(("PackageLoader", "files", "find_spec", "import_module"))


class WheelBuildHook(BuildHookInterface[Any]):
    """Puts the rewritten Python files and entry points into a standard wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Rewrite every module into a scratch folder and include it from there."""
        if version != "standard":
            return
        self._scratch = TemporaryDirectory(prefix="footnote-wheel-")
        root, scratch = Path(self.root), Path(self._scratch.name)
        for source, placed in _python_files(root):
            copy = scratch / placed
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(
                rewritten(source.read_text(encoding="utf-8"), str(source)),
                encoding="utf-8",
                newline="\n",
            )
            build_data["force_include"][str(copy)] = placed.as_posix()
        for group in (self.metadata.core.scripts, *self.metadata.core.entry_points.values()):
            group.update({name: _below_footnote(reference) for name, reference in group.items()})

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the scratch folder."""
        if version == "standard":
            self._scratch.cleanup()


def _python_files(root: Path) -> Iterator[tuple[Path, Path]]:
    """Every Python file of the packages, and its path in the wheel."""
    for package in PACKAGES:
        for source in sorted((root / package).rglob("*.py")):
            yield source, Path("footnote", source.relative_to(root))
    for source in sorted((root / PUBLIC).rglob("*.py")):
        yield source, Path("footnote", source.relative_to(root / PUBLIC))


def rewritten(source: str, name: str) -> str:
    """The module's source with absolute imports of our packages below ``footnote``.

    Raises:
        ValueError: a module is named in a way that cannot be rewritten.
    """
    tree = ast.parse(source, name)
    for node in ast.walk(tree):
        if problem := _problem(node):
            raise ValueError(f"{name}:{getattr(node, 'lineno', 1)}: {problem}")
    lines = source.encode().splitlines(keepends=True)
    # From the last to the first, so that earlier offsets stay right.
    for line, column in sorted(_module_names(tree), reverse=True):
        text = lines[line - 1]
        lines[line - 1] = text[:column] + b"footnote." + text[column:]
    return _RUN_MODULE.sub("footnote.", b"".join(lines).decode())


def _module_names(tree: ast.AST) -> Iterator[tuple[int, int]]:
    """Line (from 1) and byte offset in it of each import's name of one of our modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and _is_ours(node.module):
            yield node.lineno, node.col_offset + len("from ")
        elif isinstance(node, ast.Import):
            yield from ((a.lineno, a.col_offset) for a in node.names if _is_ours(a.name))


def _problem(node: ast.AST) -> str | None:
    """Why a module named here would not be found in a wheel, or None."""
    strings: list[ast.expr] = []
    if isinstance(node, ast.Import):
        if any(_is_ours(alias.name) and not alias.asname for alias in node.names):
            return "'import PACKAGE' binds a name that a wheel lacks; write 'from ... import'"
    elif isinstance(node, ast.Call):
        called = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        strings = node.args[:1] if called in _TAKES_A_PACKAGE else []
    elif isinstance(node, ast.List | ast.Tuple):
        pairs = pairwise(node.elts)
        strings = [named for flag, named in pairs if getattr(flag, "value", None) == "-m"]
    if any(_is_ours(getattr(string, "value", None)) for string in strings):
        return "a string names a module; write __package__, __name__ or '-m footnote'"
    return None


def _is_ours(module: object) -> bool:
    return isinstance(module, str) and module.partition(".")[0] in PACKAGES


def _below_footnote(reference: str) -> str:
    return f"footnote.{reference}" if _is_ours(reference.partition(":")[0]) else reference
