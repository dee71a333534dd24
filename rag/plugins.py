"""Parts that any installed package may add: stores, readers and encoders, by entry points.

Footnote's own are found the same way; pyproject.toml names them.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from rag.errors import SettingsError

Group = Literal["footnote.stores", "footnote.readers", "footnote.encoders"]


def plugin_names(group: Group) -> list[str]:
    """The names that installed packages give parts of this kind, sorted."""
    return sorted(entry_points(group=group).names)


def load_plugin(group: Group, name: str) -> Any:
    """The part of this name, or None when no installed package has one.

    Raises:
        SettingsError: it cannot be imported, or two packages have one.
    """
    found = list(entry_points(group=group, name=name))
    if len(found) > 1:
        packages = ", ".join(sorted(map(_package, found)))
        raise SettingsError(
            f"several packages install a '{name}' as {group}: {packages}",
            remedy="uninstall all but one",
        )
    return _load(found[0]) if found else None


def load_plugins(group: Group) -> dict[str, Any]:
    """All parts of this kind, by name.

    Raises:
        SettingsError: one cannot be imported, or two packages have one of the same name.
    """
    return {name: load_plugin(group, name) for name in plugin_names(group)}


def _load(found: EntryPoint) -> Any:
    try:
        return found.load()
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"'{found.name}', installed as {found.group} by {_package(found)}, cannot be "
            f"loaded ({error})",
            remedy=f"install or uninstall {_package(found)} again",
        ) from error


def _package(found: EntryPoint) -> str:
    return found.dist.name if found.dist is not None else found.value
