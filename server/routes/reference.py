"""/docs: the API reference as a page, generated from the OpenAPI description."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

router = APIRouter(include_in_schema=False)

_templates = Environment(
    loader=PackageLoader(__package__, "templates"), autoescape=True, undefined=StrictUndefined
)
_METHODS = ("get", "post", "put", "delete")


def endpoints(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The operations of an OpenAPI description, in order, as the reference shows them."""
    return [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("description", operation["summary"]),
            "parameters": [_parameter(found) for found in operation.get("parameters", ())],
            "body": [_name(content) for content in _bodies(operation)],
            "responses": [
                {"status": status, "description": response["description"]}
                for status, response in operation["responses"].items()
            ],
            "key": bool(operation.get("security")),
        }
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]


def _parameter(found: dict[str, Any]) -> dict[str, Any]:
    schema = found["schema"]
    about = found.get("description") or schema.get("description", "")
    return {"name": found["name"], "in": found["in"], "description": about}


def _field(name: str, found: dict[str, Any]) -> dict[str, str]:
    kinds = [found, *found.get("anyOf", ())]
    types = [kind.get("type") or _reference(kind) for kind in kinds]
    return {
        "name": name,
        "type": " or ".join(kind for kind in types if kind),
        "description": found.get("description", ""),
    }


def _reference(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _bodies(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    content = operation.get("requestBody", {}).get("content", {})
    return [(media_type, shape["schema"]) for media_type, shape in content.items()]


def _name(content: tuple[str, dict[str, Any]]) -> str:
    media_type, schema = content
    named = _reference(schema)
    return f"{media_type}: {named}" if named else media_type


@router.get("/docs")
def reference(request: Request) -> HTMLResponse:
    """The API reference."""
    schema = request.app.openapi()
    page = _templates.get_template("reference.html").render(
        info=schema["info"],
        endpoints=endpoints(schema),
        shapes={
            name: [_field(field, found) for field, found in shape["properties"].items()]
            for name, shape in schema["components"]["schemas"].items()
            if "properties" in shape
        },
    )
    return HTMLResponse(page)
