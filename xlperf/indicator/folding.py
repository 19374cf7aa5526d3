"""Folding: full-width and look-alike characters become plain ones, one to one.

A folded text is as long as the text itself, so a place in one is a place in the other.
"""

_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\u2060\ufeff"
_LOOKALIKES = (
    ("﹪﹥﹤﹦﹙﹚【】〔〕〈〉《》", "%><=()()()<><>"),
    ("≧⩾≮≦⩽≯═", "≥≥≥≤≤≤="),
    ("‐‑‒–—―−─━ー", "-" * 10),
    ("〜∼∽", "~~~"),
    ("×✕✖╳∗•・‧∙⋅∕￥", "*****·····/¥"),
)

FOLD: dict[int, str] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(range(0x2000, 0x200B), " "),
    **dict.fromkeys(map(ord, _SPACES), " "),
    **{
        ord(one): other
        for ones, others in _LOOKALIKES
        for one, other in zip(ones, others, strict=True)
    },
}


def fold(text: str) -> str:
    return text.translate(FOLD)
