"""Questions, documents and a client for the tests of the routes."""

from __future__ import annotations

import httpx2 as httpx

SILENT = "How much money did Huawei donate to UNIDO?"


def upload(url, *files, **form):
    parts = [("file", (name, content)) for name, content in files]
    return httpx.post(url + "/documents", files=parts, data=form, timeout=30)
