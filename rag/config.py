"""Reads settings from footnote.toml, FOOTNOTE_* variables and flags; later ones win.

The only reader of the file and of the environment. Unknown keys are rejected, and the
origin of every effective value is recorded.
"""

from __future__ import annotations

import difflib
import os
import shutil
import tomllib
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from rag.errors import SettingsError
from rag.settings import Settings, setting_keys

DEFAULT_CONFIG_FILE = "footnote.toml"
ENVIRONMENT_PREFIX = "FOOTNOTE_"
# Names the settings file, so it is not a setting itself.
CONFIG_VARIABLE = "FOOTNOTE_CONFIG"

_SETTINGS = TypeAdapter(Settings)


def load_settings(
    config_file: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """Merge defaults, file, environment and flags; later ones win.

    Without ``config_file`` (or ``FOOTNOTE_CONFIG``), ``footnote.toml`` of the current
    directory is read where there is one. Relative ``data`` and
    ``models.cache_dir`` in it are relative to it.
    ``flags`` maps dotted keys to values; None values count as not given.

    Raises:
        SettingsError: a key is unknown, a value is malformed or out of range, or
            answer.min_uncertain is above answer.min_support.
    """
    environment = os.environ if environment is None else environment
    path = _config_path(config_file, environment)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    layers = [
        _from_file(path) if path else {},
        _from_environment(environment),
        {key: (value, "flag") for key, value in (flags or {}).items() if value is not None},
    ]
    for layer in layers:
        for key, (value, origin) in layer.items():
            if key not in setting_keys():
                raise _unknown(key, origin)
            values[key], origins[key] = value, origin
    settings = _build(values, origins)
    _check_thresholds(settings)
    return settings


def _check_thresholds(settings: Settings) -> None:
    """A min_uncertain that somebody set is at most min_support; the default may be above one
    that somebody lowered."""
    answer, origin = settings.answer, settings.origins.get("answer.min_uncertain")
    if origin is not None and answer.min_uncertain > answer.min_support:
        raise SettingsError(
            f"setting 'answer.min_uncertain' (from {origin}) is {answer.min_uncertain:g}, above "
            f"'answer.min_support', which is {answer.min_support:g}",
            remedy="lower answer.min_uncertain or raise answer.min_support",
        )


def collector_named(environment: Mapping[str, str] | None = None) -> bool:
    """Whether OpenTelemetry's own variables name a span collector and do not disable it.

    They configure the machine, not this program, so they are not settings.
    """
    found = os.environ if environment is None else environment
    named = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    off = found.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return any(found.get(name) for name in named) and not off


def _config_path(config_file: Path | None, environment: Mapping[str, str]) -> Path | None:
    named = config_file or (
        Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None
    )
    if named is not None:
        if not named.is_file():
            raise SettingsError(
                f"settings file '{named}' does not exist",
                remedy=f"check --config or {CONFIG_VARIABLE}, or create the file",
            )
        return named
    here = Path(DEFAULT_CONFIG_FILE)
    return here if here.is_file() else None


def _from_file(path: Path) -> dict[str, tuple[Any, str]]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"settings file '{path}' cannot be read: {error}", remedy="correct the file"
        ) from error
    flat: dict[str, tuple[Any, str]] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            for name, inner in value.items():
                flat[f"{key}.{name}"] = (inner, str(path))
        else:
            flat[key] = (value, str(path))
    for key in ("data", "models.cache_dir"):
        if key in flat and isinstance(flat[key][0], str):
            flat[key] = (_relative_to(path.parent, flat[key][0]), str(path))
    return flat


def settings_file(config_file: Path | None = None) -> Path:
    """The settings file in force: the one given, FOOTNOTE_CONFIG's, or ./footnote.toml,
    which need not exist.

    Raises:
        SettingsError: one is named that does not exist.
    """
    return _config_path(config_file, os.environ) or Path(DEFAULT_CONFIG_FILE)


def write_setting(path: Path, key: str, value: float | str, *, comment: str = "") -> None:
    """Set one dotted key in a settings file, which is created if necessary. The rest of it,
    including comments, is unchanged.

    Raises:
        SettingsError: the key is unknown, the value malformed, or the file cannot be read
            or written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    if key not in setting_keys():
        raise _unknown(key, str(path))
    _build({key: value}, {key: str(path)})
    section, _, name = key.rpartition(".")
    # A symbolic link is kept: the file that it points to is replaced.
    path = path.resolve()
    try:
        text = path.read_bytes().decode("utf-8") if path.exists() else ""
        document = tomlkit.parse(text)
        table = document.setdefault(section, tomlkit.table()) if section else document
        if not isinstance(table, MutableMapping):
            raise SettingsError(
                f"settings file '{path}' cannot be changed: '{section}' is not a table",
                remedy=f"write [{section}] as a table",
            )
        item = tomlkit.item(value)
        if comment:
            item.comment(" ".join("".join(c if c.isprintable() else " " for c in comment).split()))
        table[name] = item
        written = tomlkit.dumps(document)
        tomllib.loads(written)
        scratch = path.with_name(path.name + ".new")
        scratch.write_bytes(written.encode("utf-8"))
        if path.exists():
            shutil.copymode(path, scratch)
        scratch.replace(path)
    except (OSError, UnicodeDecodeError, TOMLKitError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"settings file '{path}' cannot be changed: {error}",
            remedy="correct the file or its permissions",
        ) from error


def _relative_to(folder: Path, value: str) -> str:
    # A path that begins with ~ is absolute; an empty one is rejected later.
    return value if not value or value.startswith("~") else str(folder / value)


def _from_environment(environment: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    by_variable = {
        ENVIRONMENT_PREFIX + key.replace(".", "_").upper(): key for key in setting_keys()
    }
    found: dict[str, tuple[Any, str]] = {}
    for variable, value in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable not in by_variable:
            raise SettingsError(
                f"environment variable {variable} is not a setting",
                remedy=_did_you_mean(variable, by_variable),
            )
        found[by_variable[variable]] = (value, variable)
    return found


def _unknown(key: str, origin: str) -> SettingsError:
    return SettingsError(
        f"unknown setting '{key}' in {origin}", remedy=_did_you_mean(key, setting_keys())
    )


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean '{close[0]}'?" if close else "'footnote config' lists all settings"


def _build(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    given: dict[str, Any] = {"origins": origins}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        (given.setdefault(section, {}) if section else given)[name] = value
    try:
        return _SETTINGS.validate_python(given)
    except ValidationError as error:
        raise SettingsError(
            ", and ".join(_explain(problem, origins) for problem in error.errors()),
            remedy="correct the value; 'footnote config' shows all settings and their origins",
        ) from error


def _explain(problem: ErrorDetails, origins: Mapping[str, str]) -> str:
    # A key, or a whole section whose message names the key.
    key = ".".join(str(part) for part in problem["loc"][:2])
    blamed = [origin for each, origin in origins.items() if f"{each}.".startswith(f"{key}.")]
    where = f" (from {', '.join(dict.fromkeys(blamed))})" if blamed else ""
    return f"setting '{key}'{where}: {problem['msg'].removeprefix('Value error, ')}"
