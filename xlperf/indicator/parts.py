"""The parts that many rules share: quantity, comparator, the words before and after.

A `Parts` reads one match of a rule and collects where its parts stand and what its words add.
"""

import re
from decimal import Decimal

from xlperf.indicator import words
from xlperf.indicator.grammar import pattern
from xlperf.indicator.quantities import (
    ONE,
    join_remarks,
    read_label,
    read_number,
    read_per,
    read_unit,
    split_unit,
)
from xlperf.indicator.target import Comparator, Quantity, Target
from xlperf.indicator.words import Lazy

Places = dict[str, tuple[int, int]]
Reading = tuple[Target, Places]
"""What a text means, and where its parts stand in it."""

_LEAD = Lazy(
    lambda: (
        "(?:"
        + words.alternation(
            (*words.KEPT_LEADS, *words.ACTIONS, *words.DROPPED_LEADS, *words.APPROXIMATE)
        )
        + ")[至到]?"
    )
)
LEADS = Lazy(lambda: f"(?:{_LEAD.pattern})+")
_PROMISE = Lazy(lambda: f"(?:{words.alternation(words.PROMISES)})(?![性率金房数额期])")
MEASURED = Lazy(lambda: f"[^的了]*(?:{words.alternation(words.MEASURED)})(?:为|约|达)?")
_CHANGED = Lazy(lambda: f"[^的了]*(?:{words.alternation(words.CHANGES)})(?:率|幅度)?[至到约为达]?")
_ACTED = Lazy(
    lambda: (
        "(?:共|已|累计|全年)*"
        f"(?:{words.alternation((*words.ACTIONS, *words.KEPT_LEADS))})[^的了]{{0,6}}"
    )
)
# A label is a noun: it does not begin as a clause does (按合同支付50%), nor end as a place or a
# time does (县上3次).
_NAMING = re.compile(
    "(?![每按依据根经由向对在于从自因如若一二两三四五六七八九十])[^\x00-\x40、。]{2,12}(?<![\x00-\x7f后上下号年月])"
)
_CLAUSAL = words.PROSE_LETTERS - frozenset("及与和或")
_COMPARING = Lazy(lambda: words.alternation(word for word in words.BEFORE if len(word) > 1))
_NEAR = frozenset(words.APPROXIMATE)
_UNSAID = frozenset((*words.DROPPED_LEADS, *words.APPROXIMATE))
# Ordinals (第3, 前10), a comparator that is denied (不大于等于), what is itself a quantity.
_NEVER = re.compile(
    "(?:第|(?<![提底])前|[不未非无没])$|^(?!20[0-9]{2}年)[0-9.]+.{0,3}$|^隔|^[数几]$"
)
_EVENT = re.compile("(?:[^的了]|终了)*(?:后|起|之日起|之日)的?")
_TELEPHONE = re.compile("0[0-9]")
_FRACTION = re.compile("/|分之")
_LARGE = frozenset("万亿")
_SYMBOLS = frozenset("≥≤<>=±")
_UPWARD = frozenset("≥>")
_INCLUSIVE = re.compile(r"含[0-9.]*[%分]?")


def _direction(comparator: str) -> bool | None:
    """Whether it sets a lower limit; None where it sets both."""
    op = words.BEFORE[comparator]
    return None if op == "=" else op in _UPWARD


def _is_plain(quantity: Quantity) -> bool:
    """Whether the unit leaves no doubt: a known one, 个系统, Mbps, or a scale in its place."""
    unit = quantity.unit.partition("（")[0]
    if not unit:
        return quantity.scale > ONE
    named = len(unit) > 1 if unit.isascii() else unit[0] in words.MEASURE_WORDS and len(unit) <= 3
    return named or unit in words.KNOWN_UNITS


class Parts:
    """One match of a rule, the places of its parts, and the remarks that qualify it.

    `contradiction` is the place of two comparators that exclude each other, `noun` what follows a
    unit: 带宽 in 100M带宽.
    """

    __slots__ = ("contradiction", "groups", "match", "noun", "places", "remarks")

    def __init__(self, match: re.Match[str]) -> None:
        self.match = match
        self.groups: dict[str, str | None] = match.groupdict()
        self.places: Places = {}
        self.remarks: list[str] = []
        self.contradiction: tuple[int, int] | None = None
        self.noun = ""

    def quantity(self, *, alone: bool = True) -> Quantity | None:
        """The quantity in `amount` and `measure`; None where it makes no sense.

        A spelled number that stands `alone` needs a unit or a scale, since 一 is in many words.
        """
        groups = self.groups
        number = groups["number"] or ""
        value = read_number(number)
        if value is None:
            return None
        self.places["number"] = self.match.span("number")
        spelled, scale = not number.isascii(), ONE
        if word := groups["scale"]:
            self.places["scale"] = self.match.span("scale")
            if spelled and not _LARGE.isdisjoint(number):
                value = read_number(number + word) or value  # 一亿三千 万 is one number
            else:
                scale = words.SCALES[word]
        if groups["over"] or groups["beyond"]:
            self.remarks.insert(0, "约")
        measure = self._measure(spelled)
        if measure is None:
            return None
        more, unit, per = measure
        if unit in words.PRINTED_AS_TIME and value >= 1000:
            return None
        if unit.startswith(words.OF_A_YEAR) and scale == 1 and 1900 <= value <= 2100:
            return None
        if _FRACTION.search(number):
            return None if unit or scale != 1 else Quantity(value)
        if spelled and alone and not (unit or groups["boxed"] or groups["scale"]):
            return None
        return self.rated(Quantity(value, scale * more, unit, per))

    def inside(self, name: str, *, alone: bool = True) -> Quantity | None:
        """The quantity in a group, such as one end of an interval.

        A leading zero makes it a telephone number (0854-8223333).
        """
        match = pattern("quantity").fullmatch(self.match.string, *self.match.span(name))
        if match is None or _TELEPHONE.match(match["number"]):
            return None
        part = Parts(match)
        quantity = part.quantity(alone=alone)
        if quantity is not None:
            del part.places["number"]
            self.places.update(part.places)
            self.places[name] = match.span()
            self.remarks += part.remarks
        return quantity

    def _measure(self, spelled: bool) -> tuple[Decimal, str, str] | None:
        """Scale, unit and per: of the share before the number, the unit after it or in brackets."""
        share, unit, boxed = self.groups["share"], self.groups["unit"], self.groups["boxed"]
        if share:
            self.places["unit"] = self.match.span("share")
            meant = words.SHARES[share]
            return None if unit and read_unit(unit) != meant else (ONE, meant, "")
        if unit:
            return self._unit(unit, spelled)
        if boxed and (label := read_label(boxed)):
            self.places["unit"] = self.match.span("boxed")
            return label
        if boxed:
            self.remarks.append(boxed)
            self.places["qualifier"] = self.match.span("boxed")
        return ONE, "", ""

    def _unit(self, text: str, spelled: bool) -> tuple[Decimal, str, str] | None:
        found = split_unit(text, spelled)
        if found is None:
            return None
        unit, noun = found
        start, end = self.match.span("unit")
        self.places["unit"] = (start, end - len(noun))
        if noun:
            self.noun = noun
            if self.groups.get("tail"):
                return None
            self.remarks.append(noun)
        if pair := self.groups["pair"]:
            if unit not in words.MEASURE_WORDS:
                return None
            unit = f"{unit}（{pair}）"
            self.places["unit"] = (start, self.match.end("pair") + 1)
        return ONE, unit, ""

    def rated(self, quantity: Quantity) -> Quantity | None:
        """The quantity with what it is counted against: 元/人·天."""
        name = "rate" if self.groups.get("rate") else "late"
        rate = self.groups.get(name)
        if rate is None:
            return quantity
        per = read_per(rate[1:].removeprefix("(").removesuffix(")"))
        if per is None:
            return None
        self.places["per"] = (self.match.start(name) + 1, self.match.end(name))
        return Quantity(quantity.number, quantity.scale, quantity.unit, per)

    def comparator(self, *before: str) -> Comparator | None:
        """The comparator before the number, or else the one after it."""
        name = next((name for name in before if self.groups.get(name)), None)
        word, after = self.groups[name] if name else None, self.groups.get("after")
        op = words.BEFORE[word] if word else None
        if name:
            self.places["comparator"] = self.match.span(name)
        if after is None:
            return op
        behind = words.AFTER[after]
        if behind is None:
            self.remarks.insert(0, "约")
            if word and word.startswith("控制"):  # 控制在5%左右 is no upper limit
                del self.places["comparator"]
                return None
        elif op is None or name is None:
            self.places["comparator"] = self.match.span("after")
            return behind
        elif (op in _UPWARD) != (behind in _UPWARD) or op == "=":
            self.contradiction = (self.match.start(name), self.match.end("after"))
        return op

    def lead(self, before: str | None = None, quantity: Quantity | None = None) -> bool:
        """Whether the words before the number may stand there; what they say becomes a remark."""
        lead = self.groups.get("lead")
        if not lead:
            return True
        label = lead.removesuffix(":")
        if _NEVER.search(label):
            return False
        if before and _COMPARING.fullmatch(label):  # 最高不超过
            return _direction(label) == _direction(before)
        if "每" in label[1:] and not LEADS.fullmatch(label):
            return False
        if LEADS.fullmatch(label):
            found = _LEAD.findall(label)
            if not _NEAR.isdisjoint(found):
                self.remarks.insert(0, "约")
            self.remarks.append("".join(word for word in found if word not in _UNSAID))
            return True
        named = label != lead or any(
            known.fullmatch(label) for known in (MEASURED, _CHANGED, _ACTED)
        )
        if not label or self.noun or not (named or self._may_be_named(label, before, quantity)):
            return False
        promise = _PROMISE.match(label)
        label = label[promise.end() :] if promise else label
        self.remarks.append(label.rstrip("在为应须达约"))
        return True

    def _may_be_named(self, label: str, before: str | None, quantity: Quantity | None) -> bool:
        """Whether any label may stand here.

        It may before a comparator, before a plain number with its unit (电脑4台), and as an event
        before a duration (验收后15日内).
        """
        if before is not None:
            return before[0] in _SYMBOLS or not ("的" in label or "了" in label)
        if _EVENT.fullmatch(label):
            return quantity is not None and words.is_duration(quantity.unit)
        number = self.groups.get("number") or ""
        return (
            quantity is not None
            and number.isascii()
            and _is_plain(quantity)
            and _NAMING.fullmatch(label) is not None
            and _CLAUSAL.isdisjoint(label)
            and not _COMPARING.search(label)
        )

    def qualifier(self) -> str:
        """Everything that qualifies the value: the lead, the tail and the remark in brackets."""
        tail, note = self.groups.get("tail"), self.groups.get("note")
        if self.groups.get("lead") and self.remarks:
            self.places.setdefault("qualifier", self.match.span("lead"))
        if tail and tail not in ("完成", "已完成"):
            self.remarks.append(tail)
            self.places["qualifier"] = self.match.span("tail")
        remark = note[1:].removesuffix(")") if note else ""
        if note and remark and not _INCLUSIVE.fullmatch(remark):
            self.remarks.append(remark)
            start = self.match.start("note") + 1
            self.places["qualifier"] = (start, start + len(remark))
        return join_remarks(self.remarks)
