"""``footnote config``."""

from __future__ import annotations

from server.cli.console import make_console
from server.cli.options import Config, Data, Json, print_json, settings_of


def show_config(as_json: Json = False, data: Data = None, config: Config = None) -> None:
    """Show the effective settings and their origins."""
    rows = settings_of(data, config).items()
    if as_json:
        print_json({key: {"value": value, "origin": origin} for key, value, origin in rows})
        return
    console = make_console()
    width = max(len(key) for key, _, _ in rows)
    for key, value, origin in rows:
        console.print(
            f"{key:<{width}}  {'' if value is None else value}  ({origin})", soft_wrap=True
        )
