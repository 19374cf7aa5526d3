"""What is said when a request cannot be done: one JSON document for people and programs.

It follows RFC 9457 (application/problem+json); its `diagnostics` are findings as docs/json.md
describes them.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from xlperf import report
from xlperf.diagnostic import Diagnostic, Lang, Message
from xlperf.review import Review

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - it is an answer, and need not be anybody's error
    """A request ends with `status`, what is wrong, and headers that belong to the status.

    Raised in the front only: what the library says of a workbook is an InputError in the worker.
    """

    def __init__(
        self, status: HTTPStatus, found: Diagnostic, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(found.text("en"))
        self.status = status
        self.found = found
        self.headers = dict(headers or {})


def document(
    status: int, diagnostics: Iterable[Diagnostic], lang: Lang, about: object = None
) -> dict[str, Any]:
    """The problem as JSON; `about` is the report of what was done all the same."""
    told = tuple(diagnostics)
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": told[0].text(lang) if told else HTTPStatus(status).phrase,
        "diagnostics": findings(told, lang),
    }
    return found if about is None else {**found, "report": about}


def findings(diagnostics: Iterable[Diagnostic], lang: Lang) -> list[Any]:
    """Diagnostics in the shape that a review has for what is wrong with a file."""
    review = Review((), tuple(diagnostics), (), 0)
    found: list[Any] = report.as_json(review, lang)["findings"]
    return found


def no_token() -> Problem:
    said = Message("缺少访问令牌，或令牌不对", "the token is missing or wrong")
    fix = Message(
        "请带上请求头 Authorization: Bearer 令牌；令牌由 --token 指定，或在启动时打印",
        "send the header Authorization: Bearer TOKEN; it is set by --token or printed at start",
    )
    found = Diagnostic("H101", said, fix=fix)
    return Problem(HTTPStatus.UNAUTHORIZED, found, {"WWW-Authenticate": "Bearer"})


def too_large(limit: int) -> Problem:
    said = Message(
        f"上传内容超过 {limit} 字节的上限", f"the upload is larger than the limit of {limit} bytes"
    )
    fix = Message("请分几次上传，或调高 --upload", "upload fewer files at once, or raise --upload")
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Diagnostic("H102", said, fix=fix))


def too_many_files(limit: int) -> Problem:
    said = Message(
        f"一次上传的文件多于 {limit} 个", f"more than {limit} files are uploaded at once"
    )
    fix = Message("请分几次上传", "upload fewer files at once")
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Diagnostic("H102", said, fix=fix))


def too_slow(seconds: float) -> Problem:
    said = Message(
        f"上传未在 {seconds:g} 秒内完成", f"the upload was not complete within {seconds:g} seconds"
    )
    fix = Message("请检查网络，或调高 --timeout", "check the network, or raise --timeout")
    return Problem(HTTPStatus.REQUEST_TIMEOUT, Diagnostic("H103", said, fix=fix))


def unreadable() -> Problem:
    said = Message("请求内容不是完整的 multipart/form-data", "the body is no whole multipart form")
    fix = Message("请用 curl -F 之类的方式重新上传", "upload it again, as curl -F does")
    return Problem(HTTPStatus.BAD_REQUEST, Diagnostic("H104", said, fix=fix))


def not_multipart() -> Problem:
    said = Message("请求类型须为 multipart/form-data", "the body has to be multipart/form-data")
    fix = Message("例如：curl -F workbook=@自评表.xlsx", "such as: curl -F workbook=@form.xlsx")
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Diagnostic("H105", said, fix=fix))


def missing_part(names: Iterable[str]) -> Problem:
    words = "、".join(names), ", ".join(names)
    said = Message(f"缺少文件：{words[0]}", f"a file is missing: {words[1]}")
    fix = Message("请以该名称上传文件", "upload it under this name")
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, Diagnostic("H106", said, fix=fix))


def unknown_part(name: str, names: Iterable[str]) -> Problem:
    said = Message(f"没有名为“{name}”的文件项", f"no file goes by the name “{name}” here")
    fix = Message(f"可用的名称：{'、'.join(names)}", f"the names are: {', '.join(names)}")
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, Diagnostic("H107", said, fix=fix))


def part_twice(name: str) -> Problem:
    said = Message(f"文件项“{name}”只能有一个", f"there may be only one file “{name}”")
    fix = Message("请只上传一个", "upload one of them")
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, Diagnostic("H107", said, fix=fix))


def wrong_option(name: str, why: str) -> Problem:
    said = Message(f"选项“{name}”的值不可用（{why}）", f"the option {name} cannot be so ({why})")
    fix = Message("可用的值见 /openapi.json", "/openapi.json lists what it may be")
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, Diagnostic("H108", said, fix=fix))


def overloaded(waiting: int, seconds: int) -> Problem:
    said = Message(
        f"服务繁忙，已有 {waiting} 个请求在等候", f"the service is busy, {waiting} requests wait"
    )
    fix = Message(f"请在 {seconds} 秒后重试", f"try again in {seconds} s")
    headers = {"Retry-After": str(seconds)}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, Diagnostic("H110", said, fix=fix), headers)


def draining() -> Problem:
    said = Message(
        "服务正在停止，不再接受新请求", "the service is ending and takes no new requests"
    )
    return _try_again(Diagnostic("H111", said, fix=Message("请稍后重试", "try again later")))


def overrun(seconds: float) -> Problem:
    said = Message(
        f"处理超过 {seconds:g} 秒的上限，已停止", f"it took longer than {seconds:g} s and was ended"
    )
    fix = Message(
        "请分几次处理，检查工作簿，或调高 --timeout",
        "do fewer files at once, look at the workbook, or raise --timeout",
    )
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, Diagnostic("H112", said, fix=fix))


def too_heavy(memory: int) -> Problem:
    size = memory >> 20
    said = Message(
        f"处理所需内存超过 {size} MiB 的上限，已停止",
        f"it needed more than {size} MiB of memory and was ended",
    )
    fix = Message(
        "请分几次处理，检查工作簿，或调高 --memory",
        "do fewer files at once, look at the workbook, or raise --memory",
    )
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, Diagnostic("H113", said, fix=fix))


def killed() -> Problem:
    said = Message("处理进程被系统终止，未完成", "the process was ended from outside; not done")
    return _try_again(Diagnostic("H114", said, fix=Message("请重试", "try again")))


def crashed() -> Problem:
    said = Message("处理该文件时进程崩溃", "the process crashed over this file")
    fix = Message(
        "请用 Excel 或 WPS 打开该文件，另存后重试",
        "open the file in Excel or WPS, save it and try again",
    )
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, Diagnostic("H115", said, fix=fix))


def defect() -> Problem:
    said = Message("程序内部出错", "there is a defect in the program")
    fix = Message(
        "请将服务日志和该文件交给维护人员", "send the log of the service and the file to support"
    )
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, Diagnostic("H116", said, fix=fix))


def not_here(status: HTTPStatus, headers: Mapping[str, str] | None) -> Problem:
    said = Message("没有这个地址，或不能这样访问", "there is no such address or method")
    fix = Message("可用的地址见 /openapi.json", "/openapi.json lists the addresses")
    return Problem(status, Diagnostic("H117", said, fix=fix), headers)


def overgrown(limit: int) -> Problem:
    size = limit >> 20
    said = Message(
        f"生成的文件超过 {size} MiB 的上限，已停止", f"the output exceeded {size} MiB; it was ended"
    )
    fix = Message("请分几次处理", "do it in several requests")
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, Diagnostic("H119", said, fix=fix))


def no_room(reason: Message) -> Problem:
    said = Message(
        f"服务无法保存上传的文件：{reason.zh}", f"the service cannot keep the upload: {reason.en}"
    )
    fix = Message("请稍后重试，或告知服务管理员", "try again later, or tell who runs the service")
    return _try_again(Diagnostic("H122", said, fix=fix))


def _try_again(found: Diagnostic) -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, found, {"Retry-After": "1"})
