"""Calls of the tools for tests."""

from __future__ import annotations


def text_of(result):
    (item,) = result.content
    assert item.type == "text"
    return item.text
