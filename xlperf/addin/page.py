"""The page for staff as a web page: the little Markdown that it is written in, as HTML.

A browser shows no Markdown, and the page has to open without the internet and without a library.
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from xlperf.diagnostic import Lang

_STYLE = (
    "body{max-width:46em;margin:2em auto;padding:0 1em;font:16px/1.7 'Microsoft YaHei',sans-serif}"
    "img{max-width:100%;border:1px solid #ccc}table{border-collapse:collapse}"
    "td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top}"
    "code{background:#f2f2f2;padding:0 .2em}"
)
_INLINE = (
    (re.compile(r"!\[([^\]]*)\]\(([^)]+)\)"), r'<img alt="\1" src="\2">'),
    (re.compile(r"\[([^\]]+)\]\(([^)]+)\)"), r'<a href="\2">\1</a>'),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<b>\1</b>"),
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
)


def html_page(markdown: str, folder: Path, lang: Lang) -> str:
    """Headings, paragraphs, lists, tables, links, and pictures, which are beside it in `folder`."""
    blocks = [block for block in re.split(r"\n{2,}", markdown.strip()) if block]
    body = "\n".join(part for block in blocks for part in _block(block.splitlines()))
    title = html.escape(markdown.strip().partition("\n")[0].lstrip("# "))
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<base href="{folder.resolve().as_uri()}/"><style>{_STYLE}</style></head>'
        f"<body>\n{body}\n</body></html>\n"
    )


def _block(lines: list[str]) -> Iterator[str]:
    first = lines[0]
    if heading := re.match(r"(#{1,4}) (.*)", first):
        level = len(heading[1])
        yield f"<h{level}>{_inline(heading[2])}</h{level}>"
        if lines[1:]:
            yield from _block(lines[1:])
    elif first.startswith("|"):
        rows = [line.strip().strip("|").split("|") for line in lines if set(line) - set("|-: ")]
        for number, row in enumerate(rows):
            tag = "td" if number else "th"
            cells = "".join(f"<{tag}>{_inline(cell.strip())}</{tag}>" for cell in row)
            yield ("" if number else "<table>") + f"<tr>{cells}</tr>"
        yield "</table>"
    elif re.match(r"(?:-|\d+\.) ", first):
        tag = "ul" if first.startswith("-") else "ol"
        items = re.split(r"\n(?=(?:-|\d+\.) )", "\n".join(lines))
        yield f"<{tag}>"
        yield from (f"<li>{_inline(re.sub(r'^(?:-|[0-9]+[.]) ', '', item))}</li>" for item in items)
        yield f"</{tag}>"
    else:
        yield f"<p>{_inline(chr(10).join(lines))}</p>"


def _inline(text: str) -> str:
    text = html.escape(text, quote=False)
    for pattern, replacement in _INLINE:
        text = pattern.sub(replacement, text)
    return text
