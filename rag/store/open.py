"""The store that settings name, whichever package brings it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from rag.errors import SettingsError
from rag.plugins import load_plugin, plugin_names
from rag.store.base import Store

StoreOpener = Callable[[Path], Store]
"""What an entry point of footnote.stores names: opens (or begins) the archive of a data
directory. Nothing need be read or created before the store is used."""


def open_store(kind: str, data: Path) -> Store:
    """The store of this kind in ``data``.

    Raises:
        SettingsError: no installed package has a store of this kind.
    """
    opener = cast("StoreOpener | None", load_plugin("footnote.stores", kind))
    if opener is None:
        installed = ", ".join(plugin_names("footnote.stores")) or "none; install footnote again"
        raise SettingsError(
            f"there is no store of the kind '{kind}'",
            remedy=f"set store.kind to one that is installed: {installed}",
        )
    return opener(data)
