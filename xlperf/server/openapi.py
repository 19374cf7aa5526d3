"""What the OpenAPI document says beyond the signatures: files, answers, and all that can go wrong.

It is complete and true: a test sends whatever the document allows, and much that it does not.
"""

import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from pydantic import BaseModel

from xlperf.scoring.policy import shipped_policies
from xlperf.server import problems, schemas
from xlperf.server.media import JSON, STYLES, TYPES, ZIP
from xlperf.server.order import Work
from xlperf.server.uploads import MANY, PARTS_OF, REQUIRED

PROMETHEUS = "text/plain; version=1.0.0; charset=utf-8"
POLICY_NAMES = f"^({'|'.join(map(re.escape, shipped_policies()))})$"

_DESCRIPTION = (
    "Official Excel forms of public budget performance: recalculated, reviewed, scored, filled and "
    "read without Excel. Files come as multipart/form-data, under the names that each address "
    "lists. What cannot be done is told as application/problem+json."
)
_TOLD = {
    400: "The body is no whole multipart form.",
    401: "The token is missing or wrong.",
    408: "The upload was not complete in time.",
    413: "The upload is too large, or has too many files.",
    415: "The body is not multipart/form-data.",
    422: "A file, an option or a workbook cannot be used, or costs more than a job may.",
    429: "The service is busy.",
    500: "A defect of the service.",
    503: "The service is ending, or a worker was ended from outside.",
}
_ABOUT = {
    "workbook": "One workbook or several; each keeps its name.",
    "template": "A template of your own, in place of one of the service's.",
    "data": "A workbook with the sheets 项目 and 指标.",
    "projects": "The table of projects, CSV.",
    "indicators": "The table of indicators, CSV.",
    "policy": "A policy of your own, TOML.",
    "waivers": "Accepted findings, TOML.",
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_TEXT = {"schema": {"type": "string"}}
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_PROBLEM = {
    "type": "about:blank",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": "文件设有打开密码（已加密），无法读取",
    "diagnostics": [
        {
            "code": "W112",
            "severity": "error",
            "message": "文件设有打开密码（已加密），无法读取",
            "file": "自评表.xlsx",
            **dict.fromkeys(
                ("sheet", "cell", "document", "project", "indicator", "field", "value"), ""
            ),
            "span": None,
            "fix": "请用 Excel 或 WPS 打开，取消打开密码后另存为 .xlsx",
        }
    ],
}


def job(work: Work, report: type[BaseModel]) -> dict[str, Any]:
    """What `FastAPI.post` is told of the address of a job."""
    made = {ZIP: _BINARY, **dict.fromkeys(TYPES.values(), _BINARY)}
    if work == "check":
        made |= {media.partition(";")[0]: _TEXT for media in STYLES.values() if media != JSON}
    done = {"model": report, "description": "What was asked for.", "content": made}
    return {
        "operation_id": work,
        "response_class": Response,
        "responses": {200: done, **_failures(_TOLD)},
        "openapi_extra": {"requestBody": _body(work)},
    }


def listing(model: type[BaseModel]) -> dict[str, Any]:
    told = {status: _TOLD[status] for status in (401, 422, 429, 500, 503)}
    return {
        "response_class": Response,
        "responses": {200: {"model": model, "description": "The templates."}, **_failures(told)},
    }


def health(model: type[BaseModel]) -> dict[str, Any]:
    return {
        "response_class": Response,
        "responses": {
            200: {"model": model, "description": "It does."},
            503: {"model": model, "description": "It is ending."},
        },
    }


def metrics() -> dict[str, Any]:
    figures = {"description": "The figures.", "content": {PROMETHEUS.partition(";")[0]: _TEXT}}
    return {
        "response_class": Response,
        "responses": {200: figures, **_failures({401: _TOLD[401]})},
    }


def document(app: FastAPI) -> dict[str, Any]:
    """The document of the application, made once."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes
        )
        shapes = found["components"]["schemas"]
        problem = schemas.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        shapes |= problem.pop("$defs") | {"Problem": problem}
        for unused in ("HTTPValidationError", "ValidationError"):
            shapes.pop(unused, None)
        app.openapi_schema = found
    return app.openapi_schema


def _failures(told: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": _PROBLEM}
    found: dict[int | str, dict[str, Any]] = {}
    for status, description in told.items():
        found[status] = {"description": description, "content": {problems.MEDIA_TYPE: problem}}
        if status in (429, 503):
            found[status]["headers"] = _RETRY
    return found


def _body(work: Work) -> dict[str, Any]:
    one = {"type": "string", "format": "binary"}
    several = {"type": "array", "items": one, "minItems": 1}
    files = {
        part: {**(several if part == MANY else one), "description": _ABOUT[part]}
        for part in PARTS_OF[work]
    }
    ways = [{"required": list(names)} for names in REQUIRED[work]]
    schema = {
        "type": "object",
        "properties": files,
        "additionalProperties": False,
        **(ways[0] if len(ways) == 1 else {"anyOf": ways}),
    }
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
