"""What in a workbook reaches beyond it, and the signature that vouches for it.

Links to other files and programs are none of our business as long as somebody knows of them: they
are kept, and named. A digital signature holds for the very bytes that were signed, so a workbook
cannot be filled and stay signed.
"""

from collections.abc import Iterator

from lxml import etree

from xlperf.diagnostic import Diagnostic, Message, Severity, WorkbookError
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import shown

_SIGNATURES = "_xmlsignatures/"
_SIGNATURE_KIND = "/digital-signature/"
_LINKED = {
    "externalLinkPath": Message("链接到其他工作簿", "it links to another workbook"),
    "xlExternalLinkPath": Message("链接到其他工作簿", "it links to another workbook"),
    "oleObject": Message("链接到其他文件中的对象", "it links to an object in another file"),
    "image": Message("图片存放在工作簿之外", "it shows a picture from outside"),
}
_ELSEWHERE = Message("引用工作簿之外的内容", "it refers to something outside")


def notices(package: Package) -> list[Diagnostic]:
    """Warnings about everything by which the workbook reaches other files, programs or servers.

    Links that a person has to click are not among them.
    """
    found: list[Diagnostic] = []
    for part in package:
        for link in package.relationships(part).values():
            kind = link.type.rsplit("/", 1)[-1]
            if link.external and kind != "hyperlink":
                found.append(_notice("W142", _LINKED.get(kind, _ELSEWHERE), link.target))
            elif kind == "externalLink":
                found += _conversations(package.xml(link.target))
            elif kind == "connections":
                found += _connections(package.xml(link.target))
    return list(dict.fromkeys(found))


def _conversations(root: etree._Element) -> Iterator[Diagnostic]:
    """DDE and OLE links: Excel asks another program for their values, and may start it."""
    for link in root.iter("{*}ddeLink"):
        target = f"{link.get('ddeService') or ''}|{link.get('ddeTopic') or ''}"
        message = Message("通过 DDE 从其他程序取数", "it takes values from another program (DDE)")
        yield _notice("W143", message, target)
    for link in root.iter("{*}oleLink"):
        message = Message("通过 OLE 从其他程序取数", "it takes values from another program (OLE)")
        yield _notice("W143", message, link.get("progId") or "")


def _connections(root: etree._Element) -> Iterator[Diagnostic]:
    for connection in root.iter("{*}connection"):
        message = Message("连接外部数据源", "it connects to a source of data")
        yield _notice("W144", message, connection.get("name") or "")


def _notice(code: str, message: Message, target: str) -> Diagnostic:
    return Diagnostic(
        code,
        Message(f"{message.zh}（{shown(target)}）", f"{message.en} ({shown(target)})"),
        severity=Severity.WARNING,
        fix=Message(
            "如不需要，请在 Excel 的“数据”选项卡中断开链接后另存",
            "if it is not needed, break the link on Excel's Data tab and save",
        ),
    )


def has_signature(package: Package) -> bool:
    return bool(_signature_parts(package))


def strip_signature(package: Package) -> Package:
    """The package without its digital signatures; a signature on its macros stays."""
    return package.without(_signature_parts(package))


def _signature_parts(package: Package) -> set[str]:
    parts = {name for name in package if name.lower().startswith(_SIGNATURES)}
    origins = (r.target for r in package.relationships().values() if _SIGNATURE_KIND in r.type)
    return parts | {name for name in origins if name in package}


def signed() -> WorkbookError:
    """The error for a signed workbook that would have to be changed."""
    return WorkbookError(
        Diagnostic(
            "W140",
            Message(
                "工作簿带有数字签名，改动后签名即失效，因此不予改动",
                "the workbook carries a digital signature, which any change would break",
            ),
            fix=Message(
                "请用未签名的工作簿；填表时可加 --strip-signature 去除签名",
                "use one without signature, or fill with --strip-signature to remove it",
            ),
        )
    )


def stripped() -> Diagnostic:
    """The warning that goes with a signature that was removed."""
    return Diagnostic(
        "W141",
        Message("已去除工作簿的数字签名", "the digital signature was removed from the workbook"),
        severity=Severity.WARNING,
    )
