"""Listening, and ending without losing a job."""

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import uvicorn
from fastapi import FastAPI

from xlperf.diagnostic import Diagnostic, InputError, Message
from xlperf.ooxml.files import reason_of
from xlperf.server.app import create_app
from xlperf.server.pool import Pool
from xlperf.server.settings import Settings, is_loopback

_KEEP_ALIVE = 30
"""Seconds that an idle connection stays open."""


def serve(settings: Settings, say: Callable[[Message], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are answered, new ones get 503 meanwhile.

    Beyond loopback a token is needed; `say` tells one that is made here, and where the service
    listens. Raises InputError when it cannot listen there.
    """
    if settings.token is None and not is_loopback(settings.host):
        settings = replace(settings, token=secrets.token_urlsafe(32))
        say(Message(f"访问令牌：{settings.token}", f"token: {settings.token}"))
    listening = _listen(settings)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    server = _Server(
        create_app(settings),
        lambda: say(
            Message(
                f"xlperf 服务已启动：http://{shown}:{port}", f"serving on http://{shown}:{port}"
            )
        ),
    )
    asyncio.run(server.serve([listening]))


def _listen(settings: Settings) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise InputError(_cannot_listen(settings, error)) from error
    return listening


class _Server(uvicorn.Server):
    """It ends in two steps: no new jobs, and when the last one is answered, no connections."""

    def __init__(self, app: FastAPI, started: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                access_log=False,
                log_level=logging.WARNING,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE,
            )
        )
        self._app = app
        self._started = started

    @property
    def _pool(self) -> Pool | None:
        pool: Pool | None = getattr(self._app.state, "pool", None)
        return pool

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        pool = self._pool
        if pool is None or pool.draining:  # it has not begun, or is asked twice
            self.should_exit = self.force_exit = True
        else:
            pool.draining = True

    async def on_tick(self, counter: int) -> bool:
        if (pool := self._pool) and pool.draining and not pool.admitted:
            self.should_exit = True
        return await super().on_tick(counter)


def _cannot_listen(settings: Settings, error: OSError) -> Diagnostic:
    reason = reason_of(error)
    place = f"{settings.host}:{settings.port}"
    return Diagnostic(
        "H121",
        Message(f"无法在 {place} 监听：{reason.zh}", f"cannot listen on {place}: {reason.en}"),
        fix=Message("请换一个 --host 或 --port", "choose another --host or --port"),
    )
