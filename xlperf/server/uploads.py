"""Files on their way in: written to the disk as they arrive, and no further than the limits.

What a file is called by its sender decides what the answer calls it, and nothing about where it is
written.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from xlperf.bulk.file_names import file_name
from xlperf.diagnostic import InputError
from xlperf.ooxml import preflight
from xlperf.ooxml.files import reason_of
from xlperf.ooxml.preflight import Limits
from xlperf.server import problems
from xlperf.server.order import Work
from xlperf.server.settings import Settings

PARTS_OF: Mapping[Work, tuple[str, ...]] = {
    "recalc": ("workbook",),
    "check": ("workbook", "projects", "indicators", "policy", "waivers"),
    "score": ("workbook", "policy"),
    "fill": ("template", "data", "projects", "indicators", "policy"),
    "read": ("workbook",),
}
"""The files that a job takes, by the names of their parts."""

REQUIRED: Mapping[Work, tuple[tuple[str, ...], ...]] = {
    "recalc": (("workbook",),),
    "check": (("workbook",), ("projects", "indicators")),
    "score": (("workbook",),),
    "fill": (("data",), ("projects", "indicators")),
    "read": (("workbook",),),
}
"""The files of which a job needs one set or another."""

_PAIR = frozenset({"projects", "indicators"})
"""Files that are of no use without each other."""

MANY = "workbook"
"""The part that may be there several times."""

_SUFFIXES = {"projects": ".csv", "indicators": ".csv", "policy": ".toml", "waivers": ".toml"}
"""What a file without a name is taken for; else a workbook."""

_MOST_FILES = 1000
_SUFFIX = re.compile(r"\.\w{1,8}$")
_RESERVED = ("report.json", "数据表")  # names of our own in the folder, or in the answer


async def receive(
    request: Request,
    folder: Path,
    work: Work,
    settings: Settings,
) -> dict[str, tuple[str, ...]]:
    """Write the files of a multipart body into `folder`; their names there, by part.

    Raises Problem when the body is larger or slower than the settings allow, not whole, or has
    other parts than the job takes; InputError for a file beyond the limits of a workbook.
    """
    limit = settings.upload
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise problems.not_multipart()
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise problems.too_large(limit)
    body = _Body(folder, PARTS_OF[work], settings.review.limits)
    try:
        parser = MultipartParser(options[b"boundary"], body.callbacks())  # type: ignore[arg-type]
        got = 0
        async with asyncio.timeout(settings.timeout):
            async for chunk in request.stream():
                got += len(chunk)
                if got > limit:
                    raise problems.too_large(limit)
                parser.write(chunk)
        if not body.ended:
            raise problems.unreadable()
    except TimeoutError as error:
        raise problems.too_slow(settings.timeout) from error
    except FormParserError as error:
        raise problems.unreadable() from error
    except OSError as error:
        raise problems.no_room(reason_of(error)) from error
    finally:
        body.close()
    there = body.files.keys()
    if len(there & _PAIR) == 1:
        raise problems.missing_part(_PAIR - there)
    if not any(there >= {*files} for files in REQUIRED[work]):
        raise problems.missing_part(REQUIRED[work][0])
    return {part: tuple(names) for part, names in body.files.items()}


@dataclass(slots=True)
class _Body:
    """What the parser tells of a multipart body, piece by piece."""

    folder: Path
    parts: Sequence[str]
    limits: Limits
    files: dict[str, list[str]] = field(default_factory=dict)
    ended: bool = False
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _name: bytes = b""
    _value: bytes = b""
    _taken: set[str] = field(default_factory=lambda: {*_RESERVED})
    _file: BinaryIO | None = None
    _place: str = ""
    _size: int = 0

    def callbacks(self) -> Mapping[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._open,
            "on_part_data": self._write,
            "on_part_end": self.close,
            "on_end": self._end,
        }

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _begin(self) -> None:
        self._headers, self._size = {}, 0

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        _, told = parse_options_header(self._headers.get(b"content-disposition", b""))
        part = _text(told.get(b"name", b""))
        if part not in self.parts:
            raise problems.unknown_part(part, self.parts)
        names = self.files.setdefault(part, [])
        if names and part != MANY:
            raise problems.part_twice(part)
        if sum(map(len, self.files.values())) >= _MOST_FILES:
            raise problems.too_many_files(_MOST_FILES)
        self._place = self._free(_text(told.get(b"filename", b"")), part)
        names.append(self._place)
        self._file = (self.folder / self._place).open("xb")

    def _free(self, name: str, part: str) -> str:
        """A name for the file that is safe here and not taken, as near as can be to its own."""
        given = Path(name.replace("\\", "/")).name or part + _SUFFIXES.get(part, ".xlsx")
        suffix = found[0] if (found := _SUFFIX.search(given)) else ""
        for number in chain([""], map(" ({})".format, count(2))):
            safe = file_name(given.removesuffix(suffix), number + suffix)
            if safe.casefold() not in self._taken:
                self._taken.add(safe.casefold())
                return safe
        raise AssertionError("there is always another number")

    def _write(self, data: bytes, start: int, end: int) -> None:
        assert self._file
        self._size += end - start
        try:
            preflight.check_file_size(self._size, self.limits)
        except InputError as error:
            raise InputError(d.at(file=self._place) for d in error.diagnostics) from error
        self._file.write(data[start:end])

    def _end(self) -> None:
        self.ended = True


def _text(name: bytes) -> str:
    """A name as it was meant: UTF-8, or what a Chinese Windows console sends."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("utf-8", "replace")
