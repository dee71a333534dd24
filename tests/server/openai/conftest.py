import pytest

from tests.server.openai.client import VISIT, ask, connected


@pytest.fixture(scope="module")
def base_url(served):
    return served.url


@pytest.fixture(scope="module")
def client(base_url):
    with connected(base_url) as client:
        yield client


@pytest.fixture(scope="module")
def visit(client):
    return ask(client, VISIT)
