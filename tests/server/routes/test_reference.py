from __future__ import annotations

import httpx2 as httpx

from rag.settings import ServerSettings
from server.app import create_app
from server.routes.reference import endpoints


def test_every_route_says_how_it_fails_and_the_reference_shows_it(quick_served):
    running = quick_served(server=ServerSettings())
    schema = create_app(running.assistant).openapi()
    page = httpx.get(running.url + "/docs").text
    # Without one a browser asks for /favicon.ico and logs an error.
    assert "static/icon.svg" in page
    for endpoint in endpoints(schema):
        assert f"{endpoint['method']} {endpoint['path']}" in page
        statuses = {response["status"] for response in endpoint["responses"]}
        if endpoint["key"]:
            assert {"401", "403", "429"} <= statuses, endpoint
    assert "http" not in page.replace("http://127.0.0.1", "").split("<main>")[0]
