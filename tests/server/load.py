"""Many clients at once, each with a workbook of its own, each answer held against its own result.

Clients speak plain HTTP over asyncio, so that a machine that does both sides spends its time on the
service.
"""

import asyncio
import io
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import xlsxwriter

from tests.server.service import TOKEN
from xlperf.recalc import recalculate

ROWS = 27
_BUSY = (429, 503)


@dataclass(slots=True)
class Figures:
    """What became of the requests: seconds of each from its first try to its answer."""

    seconds: list[float] = field(default_factory=list)
    again: Counter[int] = field(default_factory=Counter)
    """Tries that were told to come again, by status."""
    wrong: int = 0
    lost: int = 0

    def share(self, part: float) -> float:
        """The time within which that part of the requests was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def evaluation(number: int) -> bytes:
    """A self-evaluation of 27 rows that is this project's own; no formula has been calculated."""
    rng = random.Random(number)
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet("自评表")
        sheet.write_row(0, 0, [f"项目 {number}", "分值", "指标值", "实际完成值", "得分"])
        for row in range(1, ROWS + 1):
            target = rng.randint(10, 9999)
            values = [f"指标 {row}", rng.choice([2, 3, 4, 5]), target, target * rng.uniform(0, 1.2)]
            sheet.write_row(row, 0, values)
            sheet.write_formula(row, 4, f"=ROUND(B{row + 1}*MIN(1,D{row + 1}/C{row + 1}),2)")
        total = f"E{ROWS + 2}"
        sheet.write_formula(total, f"=SUM(E2:E{ROWS + 1})")
        sheet.write_formula(f"F{ROWS + 2}", f'=IF({total}>=90,"优",IF({total}>=80,"良","中"))')
    return made.getvalue()


def run(url: str, clients: int, seconds: float) -> Figures:
    """Load a service with recalculation for some seconds."""
    books = [evaluation(number) for number in range(clients)]
    results = [outcome.data for outcome in recalculate(books)]
    assert len(set(results)) == clients
    figures = Figures()
    asyncio.run(_all(url, [*zip(books, results, strict=True)], seconds, figures))
    return figures


async def _all(
    url: str, pairs: Sequence[tuple[bytes, bytes]], seconds: float, figures: Figures
) -> None:
    end = time.monotonic() + seconds
    await asyncio.gather(*(_client(url, *pair, end, figures) for pair in pairs))


async def _client(url: str, book: bytes, result: bytes, end: float, figures: Figures) -> None:
    request = _request(book)
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    while time.monotonic() < end:
        start = time.monotonic()
        while True:
            try:
                writer.write(request)
                await writer.drain()
                status, wait, body = await _answer(reader)
            except (OSError, asyncio.IncompleteReadError):
                figures.lost += 1
                writer.close()
                reader, writer = await asyncio.open_connection(place.hostname, place.port)
                continue
            if status not in _BUSY:
                break
            figures.again[status] += 1
            await asyncio.sleep(wait)
        figures.seconds.append(time.monotonic() - start)
        figures.wrong += (status, body) != (200, result)
    writer.close()


def _request(book: bytes) -> bytes:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="workbook"; filename="a.xlsx"\r\n\r\n'
        + book
        + b"\r\n--b--\r\n"
    )
    head = (
        f"POST /v1/recalc HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, float, bytes]:
    """Status, seconds to wait before another try, and body."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return int(first.split()[1]), float(headers.get("retry-after", 0)), body
