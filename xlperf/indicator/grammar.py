"""The grammar of indicator values: one text that runs and that the documentation prints.

The language is regular, so each rule becomes one regular expression, and reading takes linear time.
The rules stand in EBNF, with two additions: `/…/` holds a regular expression for a class of
characters, and a name that no rule defines is a table of words (`xlperf.indicator.words`). The
parts that a rule names itself are captured under that name; `amount` and `measure` are only
abbreviations for their own parts.

The text that is matched is folded (full-width to half-width, one to one) and has no spaces.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from xlperf.indicator import words

GRAMMAR = r"""
(* Thresholds: a quantity to reach, or to stay under. *)
threshold = lead, [ before, [ verb ] ], ( whole | amount ), measure, [ rate | each ], [ aside ],
            [ after, [ late ] ], [ tail ], [ note ] ;
within    = lead, [ before ], amount, measure, within_word, act, [ note ] ;
product   = lead, [ before ], factors, [ after ], [ tail ], [ note ] ;

(* The plainest thresholds, four of five in practice: a rule of its own only for its speed. *)
plain     = [ symbol, / */ ], digits, / */, [ scale, / */ ], ( "(", boxed, ")" | noun ) ;

(* Quantities that are counted by period or by thing. *)
counted   = lead, [ before ], each, middle, [ inner, [ verb ] ], amount, measure, [ rate ],
            [ aside ], [ after ], [ tail ], [ note ] ;
times     = lead, [ turns ], [ "个" ], period, [ "之内" | "内" ], [ inner ], number, occasion,
            [ after ], [ tail ], [ note ] ;
habit     = ( "每" | "按" | "逐" ), [ turns ], [ "个" ], period, [ action ], [ note ] ;

(* A quantity in two units, and one that is explained after a comma. *)
compound  = lead, [ before ], large, [ "零" ], ( half_more | small ), [ after ], [ tail ],
            [ note ] ;
large     = number, ( scale | /个?(?:年|月|天|日|小时|分)钟?|个(?=半)/ ) ;
small     = number, [ scale ], unit ;
half_more = "半" ;
explained = clause, /[,;、]/, detail ;
clause    = /[^,;、]{1,30}/ ;
detail    = ( "每" | "其中" | "含" | "包括" ), /.+/ | /[^0-9]+/ ;

(* Intervals. *)
range     = lead, [ each ], low, [ aside ], dash, high, [ between ], [ rate ], [ tail ], [ note ] ;
limits    = lead, before, low, [ aside ], [ joint ], inner, high, [ rate ], [ note ] ;
bounds    = lead, low, after, [ joint ], high, below, [ note ] ;
sandwich  = low, before, [ variable ], inner, high, [ note ] ;
brackets  = opening, low, /[,~-]/, high, closing, [ note ] ;
tolerance = lead, [ before ], [ low ], ( "±" | "正负" ), high, [ rate ], [ after ], [ tail ],
            [ note ] ;

(* Deadlines. *)
deadline  = [ due, [ ":" ] ], ( date | figures | stamp ), [ when ], [ mark ], [ done ], [ note ] ;
stretch   = [ due, [ ":" ] ], from, dash, until, [ mark ], [ done ], [ note ] ;
recurring = "每", [ turns ], [ "个" ], period, [ "月" ], [ since, dash ], date, [ mark ], [ done ],
            [ note ] ;
since     = /(?:[0-9]{1,2}月)?[0-9]{1,2}[日号月]?/ ;
date      = [ era, [ "年" ] ], [ year, ( "年", [ "度" ], [ "年" | "全年" ] | "全年" ) ],
            [ half, "半年" ], [ [ "第" ], quarter, "季度" ], [ month, "月", [ "份" ] ],
            [ third, "旬" ], [ day, ( "日" | "号" ), [ clock ] ], [ edge ] ;
figures   = year, /[.\x2f-]/, month, [ /[.\x2f-]/, day ], [ "月" | "日" ] ;
stamp     = /(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])?/ ;

(* Numbers and units. *)
quantity  = amount, measure ;
amount    = [ share ], number, [ over ], [ scale ], [ beyond ] ;
measure   = "(", boxed, /\)|$/ | unit, [ "(", pair, ")" ] ;
number    = fraction | /[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?/
            | spelled | round ;
fraction  = /[1-9]\x2f(?:[2-9]|10)(?=$|[(以及左])|[二三四五六七八九十]分之[一二两三四五六七八九]/ ;
round     = /(?<=[近上超过逾约])(?:百|千|万|[十百千]万|亿)/ ;
spelled   = /[零一二两三四五六七八九十半]/, numerals ;
numerals  = /(?:[零〇一二两三四五六七八九十百千点]|(?:万|亿)(?=[零一二两三四五六七八九])){0,12}/ ;
scale     = /万亿|[十百千]?[万亿]|w(?![A-Za-z])|(?:百|千)(?![分克米瓦伏帕卡赫焦])/ ;
over      = /[余多来几]/ ;
beyond    = over ;
unit      = /[kK]?[mM][23]|[^\x00-\x24\x26-\x40\[-`{-\x7f≥≤±、。每]{0,12}?/ ;
boxed     = /[^()]{1,10}/ ;
late      = rate ;
rate      = /\x2f\(?[^\x00-\x29\x2b-\x2d\x3a-\x3f]{1,20}?\)?/ ;
each      = each_one, { each_one } ;
each_one  = "每", ( [ turns ], [ "个" ], period
            | /[0-9]{0,4}[^\x00-\x40\[-`{-\x7f≥≤±·、。每]{1,6}?/ ),
            [ /\([^()0-9]{1,4}\)/ ] ;
turns     = /[0-9]{1,3}|[一二两三四五六七八九十]{1,2}/ ;
factors   = /[0-9一二两三四五六七八九十][^*xX()]{0,15}(?:[*xX][^*xX()]{1,15}?){1,3}/ ;
factor    = number, [ scale ], unit, [ rate ] ;
symbol    = /[≥≤<>=]/ ;
digits    = /[0-9]+(?:\.[0-9]+)?/ ;
noun      = /[^\x00-\x24\x26-\x7f]{1,5}/ ;

(* Words around them. *)
lead      = /(?:[A-Za-z]{2,4}[0-9.]{1,3}(?![0-9]))?[^0-9()\[\]≥≤<>=±*,;。!?]{0,18}?/ | label ;
label     = /[^≥≤<>=±*,;。!?]{2,40}(?=[≥≤<>=])/
            | /[^≥≤<>=±*,;。!?]{2,30}?(?:[率度数量额比值长加高升降低少]|(?<![0-9]):)/ ;
middle    = /[^\x00-\x7f≥≤±、。]{0,10}?/ ;
aside     = /\((?:含|及|含本数|包含|含[0-9.]+[%分]?)\)/ ;
tail      = { adverb }, ending ;
note      = "(", /[^()]*(?:\([^()]*\)[^()]*)*/, [ ")" ] ;
within_word = "内" | "以内" | "之内" ;
act       = /(?![无不未没持])[^\x00-\x7f≥≤±、。]{1,8}/ ;
action    = /[^\x00-\x7f≥≤±、。]{1,10}/ ;
done      = /[^\x00-\x7f≥≤±、。]{1,14}/ ;

(* Parts of intervals. *)
low       = quantity ;
high      = quantity ;
inner     = before ;
below     = after ;
dash      = /-{1,2}|~{1,2}|起?[至到]/ ;
between   = "之间" | "以内" | "之内" | "范围内" | "区间" | "区间内" | "间" ;
joint     = "," | ";" | "、" | "且" | "并且" | "并" | "和" | "及" | "同时" | ",且" | "但" ;
variable  = /[xXnN]|[^\x00-\x7f≥≤±、。]{1,10}/ ;
opening   = /[\[(]/ ;
closing   = /[\])]/ ;

(* Parts of dates. *)
when      = /\([^()]{1,8}\)(?=.)/ ;
due       = due_word | /[^\x00-\x40、。]{1,8}(?:期限?|时间|时限|节点)/ ;
mark      = "前" | "之前" | "以前" | "内" | "之内" | "以内" | "止" | "为止" ;
from      = date | figures | stamp | bare ;
until     = date | figures | stamp | /[0-9]{1,2}/ ;
bare      = [ year, "年" ], /[0-9]{1,4}|[一二三四五六七八九]/ ;
year      = /(?:19|20|21)[0-9]{2}|[0-9]{2}(?=年[0-9底末])|[〇零一二三四五六七八九]{4}/ ;
month     = /[0-9]{1,2}|十[一二]?|[一二三四五六七八九]/ ;
day       = /[0-9]{1,2}|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九]/ ;
quarter   = /[1-4一二三四]/ ;
half      = "上" | "下" ;
third     = "上" | "中" | "下" ;
clock     = /[0-9]{1,2}(?:[时点]|:[0-9]{2})/ ;
edge      = "底" | "末" | "终" ;
"""

WORDS: Mapping[str, tuple[str, ...]] = {
    "before": tuple(words.BEFORE),
    "after": tuple(words.AFTER),
    "pair": tuple(sorted(words.MEASURE_WORDS)),
    "share": tuple(words.SHARES),
    "whole": words.WHOLES,
    "period": tuple(words.PERIODS),
    "occasion": tuple(sorted(words.OCCASIONS)),
    "verb": words.ACTIONS,
    "adverb": words.ADVERBS,
    "ending": words.TAILS,
    "due_word": words.DUE,
    "era": tuple(words.ERAS),
}
"""The names that the grammar leaves to tables of words."""

_ABBREVIATIONS = ("amount", "measure")

_TOKEN = re.compile(
    r'\s+|\(\*.*?\*\)|(?P<token>"[^"]*"|/(?:\\.|[^/\\])*/|[a-z_]+|[=,|;()\[\]{}])', re.DOTALL
)


@cache
def rules() -> dict[str, tuple[str, ...]]:
    """The tokens of every rule, by its name."""
    found: dict[str, tuple[str, ...]] = {}
    tokens: list[str] = []
    for match in _TOKEN.finditer(GRAMMAR):
        token = match["token"]
        if token == ";":
            found[tokens[0]] = tuple(tokens[2:])
            tokens = []
        elif token:
            tokens.append(token)
    return found


@cache
def pattern(name: str) -> re.Pattern[str]:
    """The rule as a regular expression for a whole text."""
    return re.compile(_choice(iter(rules()[name]), capture=True))


@cache
def _nested(name: str) -> str:
    if name in WORDS:
        return f"(?:{words.alternation(WORDS[name])})"
    return f"(?:{_choice(iter(rules()[name]), capture=False)})"


def _choice(tokens: Iterator[str], *, capture: bool) -> str:
    """The regular expression of the tokens, up to the bracket that closes them."""
    parts: list[str] = []
    for token in tokens:
        match token[0]:
            case ")" | "]" | "}":
                break
            case ",":
                continue
            case "|":
                parts.append("|")
            case "(":
                parts.append(f"(?:{_choice(tokens, capture=capture)})")
            case "[":
                parts.append(f"(?:{_choice(tokens, capture=capture)})?")
            case "{":
                parts.append(f"(?:{_choice(tokens, capture=capture)})*")
            case '"':
                parts.append(re.escape(token[1:-1]))
            case "/":
                parts.append(f"(?:{token[1:-1]})")
            case _ if not capture:
                parts.append(_nested(token))
            case _ if token in _ABBREVIATIONS:
                parts.append(f"(?:{_choice(iter(rules()[token]), capture=True)})")
            case _:
                parts.append(f"(?P<{token}>{_nested(token)})")
    return "".join(parts)
