"""The addresses of the service: what each takes, and which job of a worker answers it."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from xlperf import __version__, recalc
from xlperf.bulk import FormulaStyle, ScoreSource
from xlperf.diagnostic import InputError, Lang
from xlperf.rules import Stage
from xlperf.server import openapi, problems, schemas
from xlperf.server.metrics import Counted, Metrics
from xlperf.server.openapi import POLICY_NAMES
from xlperf.server.order import ANSWER, IN, Order, Reply, Work
from xlperf.server.pool import Pool
from xlperf.server.problems import Problem
from xlperf.server.settings import Settings
from xlperf.server.uploads import PARTS_OF, receive

_CHUNK = 1 << 20

LangOption = Annotated[
    Lang | None, Query(description="Language of the messages; else that of Accept-Language.")
]
AnswerOption = Annotated[
    Literal["file", "zip", "json"],
    Query(
        description="`file`: the workbook, or a zip file where there are several; `zip`: always a "
        "zip file, with report.json; `json`: the report alone."
    ),
]
TablesOption = Annotated[
    Literal["json", "file", "zip"],
    Query(
        description="`json`: the two tables; `file`: both in one workbook; `zip`: projects.csv, "
        "indicators.csv and report.json."
    ),
]
FormulasOption = Annotated[
    FormulaStyle, Query(description="Score cells hold formulas, calls of XP_SCORE, or values.")
]
PolicyOption = Annotated[
    str | None,
    Query(pattern=POLICY_NAMES, description="A shipped policy; or upload a file `policy`."),
]
Codes = Annotated[list[str], Query(description="Codes of rules, or how they begin.")]
EngineOption = Annotated[Literal["auto", *recalc.ENGINES], Query()]  # type: ignore[valid-type]
StyleOption = Annotated[Literal["json", "text", "sarif", "csv", "html", "xlsx"], Query()]


def create_app(settings: Settings) -> FastAPI:
    """The service as an ASGI application; its workers live from its startup to its shutdown."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = app.state.pool = Pool(settings, metrics.replaced)
        try:
            await pool.start()
            metrics.watch(pool)
            yield
        finally:
            await pool.close()

    app = FastAPI(
        title="xlperf",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        exception_handlers={
            Problem: _tell,
            InputError: _tell_input,
            RequestValidationError: _tell_option,
            HTTPException: _tell_address,
            ClientDisconnect: _tell_nobody,
            Exception: _tell_defect,
        },
    )
    app.state.settings = settings
    _add_jobs(app)
    _add_watching(app, metrics)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    endpoints = frozenset(route.path for route in app.routes if hasattr(route, "path"))
    app.add_middleware(Counted, metrics=metrics, endpoints=endpoints)
    return app


def _add_jobs(app: FastAPI) -> None:
    guarded = [Depends(_authorized)]

    @app.post("/v1/recalc", dependencies=guarded, **openapi.job("recalc", schemas.RecalcReport))
    async def recalculate(
        request: Request,
        engine: EngineOption = "auto",
        answer: AnswerOption = "file",
        lang: LangOption = None,
    ) -> Response:
        """Calculate the formulas of workbooks anew; nothing but their values changes."""
        return await _answered(request, "recalc", lang, engine=engine, answer=answer)

    @app.post("/v1/check", dependencies=guarded, **openapi.job("check", schemas.ReviewReport))
    async def check(
        request: Request,
        format: StyleOption = "json",
        select: Codes = [],  # noqa: B006 - FastAPI copies it
        ignore: Codes = [],  # noqa: B006
        severity: Literal["info", "warning", "error"] | None = None,
        stage: Stage | None = None,
        policy: PolicyOption = None,
        lang: LangOption = None,
    ) -> Response:
        """Review forms: workbooks, or the two data tables. `xlsx` gives marked copies."""
        return await _answered(
            request, "check", lang, format=format, select=tuple(select), ignore=tuple(ignore),
            severity=severity, stage=stage, policy=policy,
        )  # fmt: skip

    @app.post("/v1/score", dependencies=guarded, **openapi.job("score", schemas.ScoreReport))
    async def score(
        request: Request,
        policy: PolicyOption = None,
        formulas: FormulasOption = "native",
        answer: AnswerOption = "file",
        lang: LangOption = None,
    ) -> Response:
        """Write scores and totals into filled self-evaluations, and say why they are so."""
        return await _answered(
            request, "score", lang, policy=policy, formulas=formulas, answer=answer
        )

    @app.post("/v1/fill", dependencies=guarded, **openapi.job("fill", schemas.FillReport))
    async def fill(
        request: Request,
        template: Annotated[str, Query(description="Name of a template of /v1/templates.")] = "",
        layout: Literal["workbooks", "sheets"] = "workbooks",
        policy: PolicyOption = None,
        formulas: FormulasOption = "native",
        scores: ScoreSource = "computed",
        answer: AnswerOption = "file",
        lang: LangOption = None,
    ) -> Response:
        """Fill a template, one of the service's or an uploaded one, with every project of data."""
        return await _answered(
            request, "fill", lang, template=template, layout=layout, policy=policy,
            formulas=formulas, scores=scores, answer=answer,
        )  # fmt: skip

    @app.post("/v1/read", dependencies=guarded, **openapi.job("read", schemas.ReadReport))
    async def read(
        request: Request, answer: TablesOption = "json", lang: LangOption = None
    ) -> Response:
        """Read filled forms back into the tables of projects and of indicators."""
        return await _answered(request, "read", lang, answer=answer)

    @app.get("/v1/templates", dependencies=guarded, **openapi.listing(schemas.Templates))
    async def templates(request: Request, lang: LangOption = None) -> Response:
        """The templates by whose name `/v1/fill` knows them."""
        return await _answered(request, "templates", lang)


def _add_watching(app: FastAPI, metrics: Metrics) -> None:
    @app.get("/healthz", **openapi.health(schemas.Health))
    async def healthz(request: Request) -> Response:
        """Whether the service takes requests."""
        pool: Pool = request.app.state.pool
        health = schemas.Health(
            status="draining" if pool.draining else "ok",
            version=__version__,
            workers=request.app.state.settings.workers,
            busy=pool.busy,
            waiting=pool.waiting,
        )
        return JSONResponse(health.model_dump(), 503 if pool.draining else 200)

    @app.get("/metrics", dependencies=[Depends(_authorized)], **openapi.metrics())
    async def figures() -> Response:
        """Figures for Prometheus."""
        return Response(metrics.text(), media_type=openapi.PROMETHEUS)


# -------------------------------------------------------------------------------------- a request

_BEARER = HTTPBearer(auto_error=False, description="The token of --token or XLPERF_TOKEN.")


def _authorized(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> None:
    token: str | None = request.app.state.settings.token
    if token is None:
        return
    said = given.credentials.encode() if given else b""
    if not secrets.compare_digest(said, token.encode()):
        raise problems.no_token()


async def _answered(request: Request, work: Work, lang: Lang | None, **options: Any) -> Response:
    """Receive the files, have the job done, and answer with what lies in its folder."""
    pool: Pool = request.app.state.pool
    settings: Settings = request.app.state.settings
    with pool.admission():
        folder = Path(tempfile.mkdtemp(dir=pool.root, prefix="job-"))
        try:
            (folder / IN).mkdir()
            files: Mapping[str, tuple[str, ...]] = {}
            if work in PARTS_OF:
                files = await receive(request, folder / IN, work, settings)
            order = Order(work, folder, files, options, lang or _language(request))
            reply = await _unless_gone(request, pool.run(order))
        except BaseException:
            await _remove(folder)
            raise
    return _Body(folder, reply)


async def _unless_gone(request: Request, run: Any) -> Reply:
    """The reply to a job; the job is dropped as soon as its client has gone away."""
    job = asyncio.ensure_future(run)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            raise ClientDisconnect
        reply: Reply = await job
        return reply
    finally:
        gone.cancel()
        job.cancel()
        with suppress(asyncio.CancelledError, Problem):
            await job


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _remove(folder: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


class _Body(Response):
    """The answer in a job's folder, which goes when it is sent."""

    def __init__(self, folder: Path, reply: Reply) -> None:
        self._folder = folder
        self._path = folder / ANSWER
        headers = {"Content-Length": str(self._path.stat().st_size)}
        if reply.name:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(reply.name)}"
        super().__init__(None, reply.status, headers, reply.media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        try:
            await send({"type": "http.response.start", **start})
            with self._path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    more = {"body": chunk, "more_body": True}
                    await send({"type": "http.response.body", **more})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await _remove(self._folder)


# --------------------------------------------------------------------------------- what is told


async def _tell(request: Request, problem: Problem) -> Response:
    about = problems.document(problem.status, [problem.found], _language(request))
    return JSONResponse(about, problem.status, problem.headers, problems.MEDIA_TYPE)


async def _tell_input(request: Request, error: InputError) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    about = problems.document(status, error.diagnostics, _language(request))
    return JSONResponse(about, status, media_type=problems.MEDIA_TYPE)


async def _tell_option(request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    return await _tell(request, problems.wrong_option(str(first["loc"][-1]), str(first["msg"])))


async def _tell_address(request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    return await _tell(request, problems.not_here(status, error.headers))


async def _tell_defect(request: Request, error: Exception) -> Response:
    return await _tell(request, problems.defect())


async def _tell_nobody(request: Request, error: ClientDisconnect) -> Response:
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _language(request: Request) -> Lang:
    """The language asked for: by the option, else the one that Accept-Language likes best."""
    default: Lang = request.app.state.settings.review.lang
    match request.query_params.get("lang"):
        case "zh":
            return "zh"
        case "en":
            return "en"
    best, found = 0.0, default
    for item in request.headers.get("accept-language", "").split(","):
        tag, _, quality = item.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        primary = tag.strip().lower().partition("-")[0]
        if weight > best and primary in ("zh", "en"):
            best, found = weight, "en" if primary == "en" else "zh"
    return found
