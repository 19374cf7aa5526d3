"""Draws the tab 绩效 from the ribbon's own XML: `python docs/draw_ribbon.py`.

So the picture in the documentation shows the buttons that there are. The pictures on Office's
buttons belong to Office; a sign of our own stands for each. Needs chromium and a Chinese font.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs/images/ribbon.png"
UI = "{http://schemas.microsoft.com/office/2009/07/customui}"
TABS = ("文件", "开始", "插入", "公式", "数据", "审阅")
SIGNS = {
    "check": "✓", "next_finding": "↓", "fix": "✎", "clear_marks": "✕", "score": "Σ",
    "explain_score": "ƒ", "fill": "▦", "read": "⇩", "summarise": "☰", "bind": "#",
    "undo": "↶", "settings": "⚙", "help_page": "?",
}  # fmt: skip
GREEN, INK, PALE, LINE = "#217346", "#333333", "#666666", "#d0d0d0"
LARGE, SMALL, PADDING = 76, 92, 10
STRIP, HEIGHT = 34, 152


def text(
    x: float, y: float, said: str, *, size: int = 14, fill: str = INK, anchor: str = ""
) -> str:
    at = f'x="{x}" y="{y}" font-size="{size}" fill="{fill}"'
    return f'<text {at} text-anchor="{anchor or "middle"}">{said}</text>'


def sign(x: float, y: float, button: ElementTree.Element, side: int) -> str:
    box = f'x="{x - side / 2}" y="{y}" width="{side}" height="{side}" rx="4"'
    glyph = text(x, y + side * 0.76, SIGNS[button.attrib["tag"]], size=int(side * 0.72), fill=GREEN)
    return f'<rect {box} fill="#eaf3ee" stroke="{GREEN}"/>{glyph}'


def group(element: ElementTree.Element, left: float) -> tuple[float, list[str]]:
    """The right edge of a group, and its drawing."""
    drawn, x, row = [], left + PADDING, 0
    for button in element.iter(f"{UI}button"):
        label = button.attrib["label"]
        if button.get("size") == "large":
            drawn += [sign(x + LARGE / 2, 46, button, 36), text(x + LARGE / 2, 106, label)]
            x += LARGE
        else:
            y = 44 + 26 * row
            drawn.append(sign(x + 12, y, button, 18))
            drawn.append(text(x + 28, y + 14, label, anchor="start"))
            row += 1
    x += SMALL * -(-row // 3) + PADDING
    drawn.append(text((left + x) / 2, 142, element.attrib["label"], size=12, fill=PALE))
    drawn.append(f'<path d="M{x} 42V144" stroke="{LINE}"/>')
    return x, drawn


def strip(tab: str) -> Iterator[str]:
    x = 16.0
    for name in (*TABS, tab):
        width = 14 * len(name) + 24
        chosen = name == tab
        yield text(x + width / 2, 23, name, fill=GREEN if chosen else INK)
        if chosen:
            yield f'<rect x="{x + 8}" y="30" width="{width - 16}" height="3" fill="{GREEN}"/>'
        x += width


def draw() -> tuple[str, int]:
    """The drawing as SVG, and its width in pixels."""
    (tab,) = ElementTree.parse(ROOT / "macros/ribbon.xml").iter(f"{UI}tab")
    x, drawn = 0.0, list(strip(tab.attrib["label"]))
    for element in tab.iter(f"{UI}group"):
        x, more = group(element, x)
        drawn += more
    size = f'width="{x:.0f}" height="{HEIGHT}"'
    back = f'<rect {size} fill="#ffffff"/><rect width="{x:.0f}" height="{STRIP}" fill="#f3f3f3"/>'
    font = "font-family=\"'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif\""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{back}{"".join(drawn)}</svg>'
    return svg, round(x)


def main() -> None:
    svg, width = draw()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "ribbon.html")
        page.write_text(f'<meta charset="utf-8"><body style="margin:0">{svg}', "utf-8")
        subprocess.run(
            [
                *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *("--force-device-scale-factor=1.5", f"--window-size={width},{HEIGHT}"),
                *(f"--screenshot={OUT}", page.as_uri()),
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    sys.stdout.write(f"{OUT}\n")


if __name__ == "__main__":
    main()
