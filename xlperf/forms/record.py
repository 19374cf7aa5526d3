"""The content of one form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in one cell: the text a person sees and the number behind it, if there is one.

    A percentage shown as 95% has the number 0.95; a date has Excel's serial number (1900 system).
    """

    text: str
    number: Decimal | None = None

    def __bool__(self) -> bool:
        return bool(self.text)


BLANK = Entry("")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row of the indicator table, by canonical label: `entries["指标值"]`.

    `cells` and `sheet` tell where each entry was read; the sheet of a CSV table is its file name.
    """

    entries: Mapping[str, Entry]
    cells: Mapping[str, str] = field(default_factory=dict)
    sheet: str = ""

    def entry(self, label: str) -> Entry:
        return self.entries.get(label, BLANK)

    @property
    def level1(self) -> str:
        return self.entry("一级指标").text

    @property
    def level2(self) -> str:
        return self.entry("二级指标").text

    @property
    def level3(self) -> str:
        return self.entry("三级指标").text

    @property
    def target(self) -> str:
        return self.entry("指标值").text

    @property
    def actual(self) -> str:
        return self.entry("实际完成值").text

    @property
    def weight(self) -> Decimal | None:
        return self.entry("分值").number

    @property
    def score(self) -> Decimal | None:
        return self.entry("得分").number

    @property
    def reason(self) -> str:
        return self.entry("未完成原因分析").text


@dataclass(frozen=True, slots=True)
class Funding:
    """The funding tree as printed: `rows[row][column]`, in the form's money unit."""

    rows: Mapping[str, Mapping[str, Entry]]

    def amount(self, row: str, column: str) -> Decimal | None:
        return self.rows.get(row, {}).get(column, BLANK).number


@dataclass(frozen=True, slots=True)
class Project:
    """The record of one form: its single entries by canonical label, its indicators in order."""

    entries: Mapping[str, Entry]
    indicators: tuple[Indicator, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict)
    sheet: str = ""

    def entry(self, label: str) -> Entry:
        return self.entries.get(label, BLANK)

    @property
    def key(self) -> str:
        return self.entry("编号").text

    @property
    def name(self) -> str:
        return self.entry("项目名称").text

    @property
    def funding(self) -> Funding:
        rows: dict[str, dict[str, Entry]] = {}
        for label, entry in self.entries.items():
            match label.split("."):
                case ["资金", row, column]:
                    rows.setdefault(row, {})[column] = entry
        return Funding(rows)
