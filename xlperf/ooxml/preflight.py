"""What a file is and whether it may be opened, settled before anything in it is parsed.

People hand in whatever their computer shows with an Excel icon: each kind of file has its own
message, which says what it is and what to do. Limits bound the memory and the time that a file can
take, whoever made it. docs/limits.md lists the codes and the limits.
"""

import codecs
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields

from xlperf.diagnostic import Diagnostic, Message, WorkbookError

SUFFIXES = frozenset({".xlsx", ".xlsm", ".xltx", ".xltm"})
FOREIGN_SUFFIXES = frozenset({".xls", ".xlt", ".xlsb", ".ods", ".et", ".ett"})
"""Spreadsheets that cannot be read here; somebody who hands one in has to be told."""

_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a workbook may hold; sizes in bytes.

    `file` is the file itself, `part` and `total` are sizes after decompression, `ratio` is how many
    times a part over 1 MiB may be larger than its compressed form. `marks` counts the elements and
    attributes of one XML part, `merges` the merged areas of a sheet, `cells` the cells of one
    merged area, of one `xp.` name, of a form's table and of the array formulas of one of its
    sheets, `rows` the rows of that table.
    """

    file: int = 100 * _MEBIBYTE
    part: int = 100 * _MEBIBYTE
    total: int = 500 * _MEBIBYTE
    ratio: int = 250
    parts: int = 50_000
    marks: int = 10_000_000
    merges: int = 100_000
    cells: int = 200_000
    rows: int = 5_000

    def __post_init__(self) -> None:
        most = {"parts": 0xFFFF}  # what a zip file can say without its 64-bit extension
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or not 1 <= value <= most.get(field.name, 0xFFFFFFFF):
                raise ValueError(f"{field.name}: {value!r}")


DEFAULT = Limits()


# ----------------------------------------------------------------------------------- file kinds


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that is no workbook of this format: what it is, and what to do."""

    code: str
    what: Message
    fix: Message

    def error(self) -> WorkbookError:
        return WorkbookError(Diagnostic(self.code, self.what, fix=self.fix))


def _kind(code: str, zh: str, en: str, fix_zh: str, fix_en: str) -> Kind:
    return Kind(code, Message(zh, en), Message(fix_zh, fix_en))


_SAVE_AS = "请用 Excel 或 WPS 打开后另存为 .xlsx", "open it in Excel or WPS and save it as .xlsx"
_CHOOSE = "请选用 .xlsx 或 .xlsm 格式的表", "choose the form itself, an .xlsx or .xlsm file"
_AGAIN = "请重新复制或下载该文件，或使用备份", "copy or download it again, or use a backup"

UNKNOWN = _kind("W101", "不是有效的 Excel 工作簿", "not a valid Excel workbook", *_SAVE_AS)
EMPTY = _kind("W110", "文件是空的，没有任何内容", "the file is empty", *_AGAIN)
LOCK = _kind(
    "W111",
    "这是表格软件打开文件时生成的临时锁定文件，不是工作簿",
    "this is the lock file that a spreadsheet program makes while a workbook is open",
    "请选用不带“~$”前缀的同名文件",
    "choose the file of the same name without “~$”",
)
ENCRYPTED = _kind(
    "W112",
    "文件设有打开密码（已加密），无法读取",
    "the file is encrypted (it needs a password to open)",
    "请用 Excel 或 WPS 打开，取消打开密码后另存为 .xlsx",
    "open it in Excel or WPS, remove the password and save it as .xlsx",
)
OLD_EXCEL = _kind(
    "W113", "这是旧版 Excel 工作簿（.xls）", "this is an old Excel workbook (.xls)", *_SAVE_AS
)
WEB_PAGE = _kind(
    "W114",
    "这是网页文件，只是扩展名像 Excel（常见于业务系统导出）",
    "this is a web page under the name of a workbook, as some systems export it",
    *_SAVE_AS,
)
TEXT = _kind(
    "W115",
    "这是文本文件（如 CSV），不是 Excel 工作簿",
    "this is a text file (such as CSV), no Excel workbook",
    "请用 Excel 或 WPS 打开后另存为 .xlsx；作为数据表使用时，请给出其所在的文件夹",
    "open it in Excel or WPS and save it as .xlsx; for data tables, give their folder",
)
XML_2003 = _kind(
    "W116",
    "这是“XML 电子表格 2003”文件",
    "this is an XML Spreadsheet 2003 file",
    *_SAVE_AS,
)
OPEN_DOCUMENT = _kind(
    "W117",
    "这是 OpenDocument 电子表格（.ods）",
    "this is an OpenDocument spreadsheet (.ods)",
    *_SAVE_AS,
)
BINARY = _kind(
    "W118", "这是 Excel 二进制工作簿（.xlsb）", "this is a binary Excel workbook (.xlsb)", *_SAVE_AS
)
OTHER_OFFICE = _kind(
    "W119",
    "这是其他办公文档（如文字文稿、演示文稿），不是 Excel 工作簿",
    "this is another office document (such as a text or slides), no Excel workbook",
    *_CHOOSE,
)
FIXED_PAGES = _kind(
    "W120", "这是版式文件（PDF、OFD），不是 Excel 工作簿", "this is a PDF or OFD file", *_CHOOSE
)
IMAGE = _kind("W121", "这是图片，不是 Excel 工作簿", "this is a picture", *_CHOOSE)
ARCHIVE = _kind(
    "W122",
    "这是压缩包，不是 Excel 工作簿",
    "this is an archive, no Excel workbook",
    "请先解压，再选用其中的 .xlsx 文件",
    "unpack it and choose the .xlsx file in it",
)
CUT_OFF = _kind(
    "W123",
    "文件不完整或已损坏（可能是复制或下载中断）",
    "the file is cut off or damaged (a copy or download may have been interrupted)",
    *_AGAIN,
)
STRICT = _kind(
    "W125",
    "这是“Strict Open XML”格式的工作簿",
    "this is a workbook in the Strict Open XML format",
    "请用 Excel 打开后另存为普通的 .xlsx",
    "open it in Excel and save it as an ordinary .xlsx",
)
OTHER_XML = _kind("W124", "这是 XML 文件，不是 Excel 工作簿", "this is an XML file", *_CHOOSE)

_ZIP = (b"PK\3\4", b"PK\5\6", b"PK\6\6")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENTRY = 128
# Streams by which a compound file tells what wrote it; an encrypted workbook has no other.
_STREAMS = {
    "EncryptedPackage": ENCRYPTED,
    "Workbook": OLD_EXCEL,
    "Book": OLD_EXCEL,
    "WordDocument": OTHER_OFFICE,
    "PowerPoint Document": OTHER_OFFICE,
}
_MAGIC = (
    (b"%PDF-", FIXED_PAGES),
    (b"\x89PNG", IMAGE),
    (b"\xff\xd8\xff", IMAGE),
    (b"GIF8", IMAGE),
    (b"BM", IMAGE),
    (b"II*\0", IMAGE),
    (b"MM\0*", IMAGE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"\x1f\x8b", ARCHIVE),
    (b"{\\rtf", OTHER_OFFICE),
    (b"\x09\0\x04\0", OLD_EXCEL),
    (b"\x09\x02\x06\0", OLD_EXCEL),
    (b"\x09\x04\x06\0", OLD_EXCEL),
    (b"\x09\x08\x08\0", OLD_EXCEL),
    (b"\x09\x08\x10\0", OLD_EXCEL),
)
_HEAD = 8192
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARKUP = (
    (r"urn:schemas-microsoft-com:office:spreadsheet|progid=.Excel\.Sheet", XML_2003),
    (r"urn:oasis:names:tc:opendocument", OPEN_DOCUMENT),
    (r"<(?:!doctype\s+html|html|head|body|meta|title|style|script|table|div)\b", WEB_PAGE),
    (r"^\s*<\?xml", OTHER_XML),
    (r"^mime-version:", WEB_PAGE),
)
_LOCK_SIZE = 165
_LOCK_NAMES = re.compile(r"~\$.+|\.~lock\..+#")


def recognise(data: bytes) -> Kind | None:
    """What kind of file this is where it is no zip file; None where it is one."""
    head = data[:_HEAD]
    if data.startswith(_ZIP):
        return None
    if data.startswith(_OLE):
        return next((kind for name, kind in _STREAMS.items() if _has_stream(data, name)), UNKNOWN)
    if not head.strip(b"\0") and not data.strip(b"\0"):
        return EMPTY
    if _is_lock(data):
        return LOCK
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return IMAGE
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    text = _text(head)
    if text is None:
        # A workbook that was sent through something with its own header is still a zip file.
        return None if data.rfind(b"PK\5\6") > 0 and b"PK\3\4" in head else UNKNOWN
    for pattern, kind in _MARKUP:
        if re.search(pattern, text, re.IGNORECASE):
            return kind
    return TEXT if text.strip() else EMPTY


def is_lock_name(name: str) -> bool:
    """Whether a file is called what Excel, WPS or LibreOffice call their lock files."""
    return _LOCK_NAMES.fullmatch(name) is not None


def _is_lock(data: bytes) -> bool:
    """Excel's lock file: who has the workbook open, once in bytes and once in UTF-16."""
    return len(data) == _LOCK_SIZE and 0 < data[0] <= 54 and data[55:57] == bytes((data[0], 0))


def _has_stream(data: bytes, name: str) -> bool:
    """Whether the directory of a compound file may hold an entry of this name."""
    wanted = f"{name}\0".encode("utf-16-le")
    at = data.find(wanted)
    while at >= 0 and at % _OLE_ENTRY:
        at = data.find(wanted, at + 1)
    return at >= 0


def _text(head: bytes) -> str | None:
    """The beginning of a file as text, None where it is none."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head[len(bom) :].decode(encoding, "ignore")
    for encoding in ("utf-8", "gb18030"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return None if re.search(r"[\x00-\x08\x0e-\x1f]", text) else text
    return None


# --------------------------------------------------------------------------------- zip contents

_MAIN_TYPE = re.compile(rb"application/[\w.+-]*[.]main(?:\+xml)?(?=[\"'])", re.IGNORECASE)
_WORKBOOK_TYPE = re.compile(
    rb"application/vnd\.(?:openxmlformats-officedocument\.spreadsheetml\.(?:sheet|template)"
    rb"|ms-excel\.(?:sheet|template)\.macroenabled)\.main\+xml",
    re.IGNORECASE,
)
_TELLTALES = {"OFD.xml": FIXED_PAGES, "Index/Document.iwa": OTHER_OFFICE}
_ILL_NAME = re.compile(
    r"""[/\\]                       # absolute
    | .*(?: \\ | [\x00-\x1f] | %(?:2f|5c) )
    | (?:.*/)? \.{0,2} (?:/.*)? $   # a segment that is empty, . or ..
    | [a-z]:
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def recognise_parts(names: Iterable[str], types: bytes | None, mimetype: bytes) -> Kind | None:
    """What kind of zip file holds these names; None where it is, or may be, a workbook.

    `types` is what the part with the content types says, `mimetype` what the file of that name.
    """
    if types is None:
        if mimetype:
            return OPEN_DOCUMENT if b"spreadsheet" in mimetype else OTHER_OFFICE
        return next((_TELLTALES[name] for name in names if name in _TELLTALES), ARCHIVE)
    main = _MAIN_TYPE.findall(types)
    if not main or any(map(_WORKBOOK_TYPE.fullmatch, main)):
        return None
    return BINARY if any(b".binary." in kind for kind in main) else OTHER_OFFICE


def check_name(name: str) -> None:
    """Refuse a part name that leads out of the package, or is none."""
    if _ILL_NAME.match(name):
        raise _ill(
            "W136",
            f"工作簿内含有非法的部件名称（{shown(name)}）",
            f"the workbook has a part with a forbidden name ({shown(name)})",
        )


def check_names(names: Collection[str]) -> None:
    """Refuse part names that occur twice; case does not count."""
    seen: set[str] = set()
    for folded in map(str.casefold, names):
        if folded in seen:
            name = next(name for name in names if name.casefold() == folded)
            raise _ill(
                "W135",
                f"工作簿内有重名的部件（{shown(name)}）",
                f"the workbook holds the part {shown(name)} twice",
            )
        seen.add(folded)


def shown(name: str) -> str:
    """A name as it may stand in a message: short, without control characters."""
    head = name[:80]
    return head if head.isprintable() else "".join(c if c.isprintable() else "?" for c in head)


# --------------------------------------------------------------------------------------- limits

_SUSPECT_SIZE = _MEBIBYTE
_UNITS = (("GiB", 1 << 30), ("MiB", _MEBIBYTE), ("KiB", 1 << 10), ("B", 1))


def check_file_size(size: int, limits: Limits) -> None:
    if size > limits.file:
        raise _exceeded("W130", "file", "文件大小", "its size is", size, limits)


def check_part_sizes(sizes: Iterable[tuple[str, int, int]], limits: Limits) -> None:
    """Refuse parts that claim to be too large; `sizes` are name, size, and compressed size."""
    total = 0
    for name, size, packed in sizes:
        total += size
        if size > limits.part:
            zh, en = f"部件 {shown(name)} 解压后大小", f"the part {shown(name)} unpacks to"
            raise _exceeded("W131", "part", zh, en, size, limits)
        # What is under media/ is copied as it is and never unpacked here; blank scans shrink a lot.
        bomb = size > _SUSPECT_SIZE and size > packed * limits.ratio
        if bomb and "/media/" not in name:
            ratio = size // max(packed, 1)
            zh, en = f"部件 {shown(name)} 压缩比", f"the part {shown(name)} is compressed by"
            raise _exceeded("W133", "ratio", zh, en, ratio, limits)
    if total > limits.total:
        raise _exceeded("W132", "total", "解压后总大小", "it unpacks to", total, limits)


def check_part_count(count: int, limits: Limits) -> None:
    if count > limits.parts:
        raise _exceeded("W134", "parts", "部件数", "its number of parts is", count, limits)


def check_markup(data: bytes, name: str, limits: Limits) -> None:
    """Refuse XML that could grow while it is parsed, or take more memory than allowed."""
    doctype = "<!DOCTYPE"
    if any(doctype.encode(code) in data for code in ("ascii", "utf-16-le", "utf-16-be")):
        raise _ill(
            "W137",
            f"工作簿的部件 {shown(name)} 含有 DTD 或实体声明",
            f"the part {shown(name)} has a document type or entities",
        )
    marks = data.count(b"<") + data.count(b"=")
    if marks > limits.marks:
        raise _exceeded(
            "W138", "marks", f"部件 {shown(name)} 的元素和属性数",
            f"the elements and attributes of {shown(name)} are", marks, limits,
        )  # fmt: skip


def check_table_size(cells: int, name: str, limits: Limits) -> None:
    """Refuse a sheet whose table would have more cells than a part may have elements."""
    if cells > limits.marks:
        raise _exceeded(
            "W138", "marks", f"部件 {shown(name)} 中数据表的单元格数",
            f"the cells of the table in {shown(name)} are", cells, limits,
        )  # fmt: skip


def check_merges(count: int, largest: int, name: str, limits: Limits) -> None:
    """Refuse too many merged areas in a sheet, or one of too many cells."""
    if count > limits.merges:
        raise _exceeded(
            "W139", "merges", f"部件 {shown(name)} 的合并单元格个数",
            f"the merged areas of {shown(name)} are", count, limits,
        )  # fmt: skip
    if largest > limits.cells:
        raise _exceeded(
            "W139", "cells", f"部件 {shown(name)} 中一处合并区域的单元格数",
            f"the cells of one merged area in {shown(name)} are", largest, limits,
        )  # fmt: skip


def check_arrays(cells: int, name: str, limits: Limits) -> None:
    """Refuse array formulas and what-if tables that fill too many cells of a sheet."""
    if cells > limits.cells:
        raise _exceeded(
            "W139", "cells", f"部件 {shown(name)} 中数组公式和模拟运算表的单元格数",
            f"the cells of array formulas and data tables in {shown(name)} are", cells, limits,
        )  # fmt: skip


def check_form_table(rows: int, cells: int, sheet: str, limits: Limits) -> None:
    """Refuse a form whose table, by its names, has more rows or cells than any form has."""
    for limit, count, zh, en in (
        ("rows", rows, "行数", "rows"),
        ("cells", cells, "单元格数", "cells"),
    ):
        if count > getattr(limits, limit):
            raise _exceeded(
                "W139", limit, f"工作表“{shown(sheet)}”指标表（xp.指标.…）的{zh}",
                f"the {en} of the table (xp.指标.…) on sheet “{shown(sheet)}” are", count, limits,
            )  # fmt: skip


def _exceeded(code: str, limit: str, zh: str, en: str, found: int, limits: Limits) -> WorkbookError:
    most = getattr(limits, limit)
    sizes = limit in ("file", "part", "total")
    shown, allowed = (_size(found), _size(most)) if sizes else (f"{found:,}", f"{most:,}")
    return WorkbookError(
        Diagnostic(
            code,
            Message(f"{zh}为 {shown}，超过上限 {allowed}", f"{en} {shown}, the limit is {allowed}"),
            fix=Message(
                "请清除表外多余的内容后另存；确需处理时，在 xlperf.toml 的 [limits] 中调高 "
                f"{limit}",
                f"clear what is not needed and save it again, or raise {limit} under [limits] in "
                "xlperf.toml",
            ),
        )
    )


def _size(size: int) -> str:
    unit, factor = next((u, f) for u, f in _UNITS if size >= f or f == 1)
    return f"{size / factor:.4g} {unit}"


def _ill(code: str, zh: str, en: str) -> WorkbookError:
    fix = Message(
        "该文件可能被篡改，请核实来源；确认可信后用 Excel 或 WPS 打开并另存",
        "it may have been tampered with: check where it comes from, then open it in Excel or WPS "
        "and save it again",
    )
    return WorkbookError(Diagnostic(code, Message(zh, en), fix=fix))
