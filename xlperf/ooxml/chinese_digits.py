"""Numbers in Chinese characters, as the format tags [DBNum1], [DBNum2] and [DBNum3] write them."""

import re

_DIGITS = {1: "〇一二三四五六七八九", 2: "零壹贰叁肆伍陆柒捌玖", 3: "０１２３４５６７８９"}
_PLACES = {1: ("", "十", "百", "千"), 2: ("", "拾", "佰", "仟")}
_GROUPS = ("", "万", "亿", "兆")
_WHOLE = re.compile(r"\d{1,16}")


class ChineseDigits:
    """One of the three ways: 1 is 一百〇五, 2 is 壹佰零伍, 3 only full-width digits."""

    def __init__(self, style: int) -> None:
        self._style = style
        self._table = str.maketrans("0123456789", _DIGITS[style])

    def one_by_one(self, text: str) -> str:
        """Every digit for itself: 2025 → 二〇二五."""
        return text.translate(self._table)

    def two_digits(self, text: str) -> str:
        """A day, month or hour: 12 → 十二, 03 → 〇三."""
        if self._style == 3 or len(text) < 2 or text[0] == "0":
            return self.one_by_one(text)
        tens = self.one_by_one(text[0]) if text[0] != "1" else ""
        return tens + _PLACES[self._style][1] + (self.one_by_one(text[1]) if text[1] != "0" else "")

    def in_words(self, text: str) -> str:
        """A number with its places: 1234.5 → 一千二百三十四.五; what is too long, one by one."""
        whole, point, decimals = text.partition(".")
        if self._style == 3 or not _WHOLE.fullmatch(whole):
            return self.one_by_one(text)
        return self._words(whole) + point + self.one_by_one(decimals)

    def _words(self, whole: str) -> str:
        zero = _DIGITS[self._style][0]
        words, gap = "", False
        for index, digit in enumerate(whole):
            place = len(whole) - index - 1
            if digit != "0":
                words += (zero if gap and words else "") + self.one_by_one(digit)
                words += _PLACES[self._style][place % 4]
            gap = digit == "0"
            group, rest = divmod(place, 4)
            if not rest and whole[max(0, index - 3) : index + 1].strip("0"):
                words += _GROUPS[group]
        return words or zero
