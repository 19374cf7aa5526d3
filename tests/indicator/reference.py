"""The generated sections of docs/indicator-language.md.

`python -m tests.indicator.reference` writes them anew from the code that runs.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.indicator.cases import reading
from xlperf.indicator import canonical, kind, parse, words
from xlperf.indicator.grammar import GRAMMAR, WORDS

PAGE = Path(__file__).parents[2] / "docs/indicator-language.md"

EXAMPLES = {
    "threshold": """
        ≥95% 不低于92% 92分以上 10日内 150万条 <0.05千分之 =100.00(%) 三成以上 约100人 90
        300元/人、天 每亩补助500元 满意度≥95% ≥210平方米（等候区除外） 合同签订后60天内支付
        3台（套） ¥350元/人 2/3以上 1小时30分钟 近百人 发车间隔≤15分钟 90日内办结率≥95%
        不少于3次，每次不少于50人 100%，应补尽补
        """,
    "product": "27人*12月 7×24小时 5000元/月*12月",
    "interval": "80%-90% 5-10万元 ±10% 20±2℃ ≥80%且<90% 80%≤x≤90% (80%,90%] 每月1-2次",
    "frequency": """
        每月至少一次 每两年一次 1次/月 ≥4次/年 一年两次 按月发放 每季度召开1次会议 各2次
        """,
    "deadline": """
        2025年12月31日前 2025年底之前完成 2024年内完成验收 2025-12-31 年底前 2月底前 第四季度
        2025年6月中旬 每月10日前 次年3月底前 2022.05-2023.04 2022年3月-9月
        每季度首月10日前 每月10-15日
        """,
    "qualitative": """
        有效保障 第三级安全保护能力 不低于上年 大专学历及以上 通过 否 2025年13月45日
        42.79亿元,完成年度目标任务的106.18% ≥3次，≥5人 国发〔2021〕5号 前10名 50年一遇 2024版 1:3
        """,
}


def sections() -> dict[str, str]:
    return {"examples": "\n".join(_examples()), "words": "\n".join(_words()), "grammar": _grammar()}


def rendered(page: str) -> str:
    """The page with every generated section as the code has it now."""
    for name, content in sections().items():
        mark = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        assert mark.search(page), f"no section {name}"
        page = mark.sub(lambda found, text=content: f"{found[1]}{text}\n{found[2]}", page)
    return page


def _examples() -> Iterator[str]:
    yield from ("| value | read as | canonical spelling |", "|---|---|---|")
    for name, values in EXAMPLES.items():
        for value in values.split():
            parsed = parse(value)
            assert kind(parsed) == name, value
            yield f"| `{value}` | {reading(parsed)} | `{canonical(parsed)}` |"


def _words() -> Iterator[str]:
    yield from ("| words | meaning |", "|---|---|")
    yield from _by_meaning(words.BEFORE, "{} before the number")
    yield from _by_meaning(words.AFTER, "{} after the number")
    yield _row(words.APPROXIMATE, "the number is approximate")
    yield from _by_meaning(words.SCALES, "× {:,}")
    yield from _by_meaning(words.SHARES, "{} of the number that follows")
    yield _row(words.WHOLES, "100%")
    yield from _by_meaning(words.PERIODS, "period {}")
    yield _row(sorted(words.OCCASIONS), "units of a frequency")
    yield from _by_meaning(words.SPELLINGS, "unit {}")
    yield _row(words.KEPT_LEADS, "may stand before the number; kept as the qualifier")
    yield _row(words.DROPPED_LEADS, "may stand before the number; adds nothing")
    yield _row(sorted(words.YES), "yes")
    yield _row(sorted(words.NO), "no")


def _by_meaning(table: Mapping[str, object], template: str) -> Iterator[str]:
    for meaning in dict.fromkeys(table.values()):
        found = (word for word, other in table.items() if other == meaning)
        yield _row(found, template.format("about" if meaning is None else meaning))


def _row(found: Iterable[str], meaning: str) -> str:
    return f"| {' '.join(found)} | {meaning} |"


def _grammar() -> str:
    quoted = {name: " | ".join(f'"{word}"' for word in table) for name, table in WORDS.items()}
    tables = "\n".join(f"{name:<9} = {table} ;" for name, table in quoted.items())
    return f"```ebnf\n{GRAMMAR.strip()}\n\n(* Words. *)\n{tables}\n```"


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text("utf-8")), "utf-8")
