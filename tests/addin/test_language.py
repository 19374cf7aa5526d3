"""What a person reads follows the language of the settings: dialogs, captions, progress."""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import xlperf.addin
from tests.addin.test_buttons import faulty, held
from tests.addin.workbooks import SCORED, data_of
from xlperf.addin import buttons
from xlperf.addin.commands import BUTTONS


def press_all(book, filled, tmp_path, excel) -> None:
    """Every button, with what it asks answered; some twice, and where nothing can be done."""
    data = str(data_of(SCORED) / "projects.csv")
    forms = str(shutil.copytree(filled[SCORED][0].parent, tmp_path / "forms"))
    (tmp_path / "each").mkdir()
    for name, answers in (
        ("undo", []),
        ("clear_marks", []),
        ("check", []),
        ("next_finding", []),
        ("clear_marks", []),
        ("fix", []),
        ("undo", []),
        ("score", []),
        ("explain_score", []),
        ("fill", [data, "no", "99"]),
        ("fill", [data, "no", "02"]),
        ("undo", []),
        ("fill", [data, "yes", str(tmp_path / "each")]),
        ("fill", [str(tmp_path / "gone" / "projects.csv")]),
        ("read", [forms]),
        ("summarise", [forms]),
        ("bind", []),
        ("settings", []),
    ):
        excel.answers = list(answers)
        getattr(buttons, name)()
        book.activate()


CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")


def quoted(book, data: Path) -> list[str]:
    """What a message may quote: what stands in the form, what fields and buttons are called."""
    texts = [str(v) for sheet in held(book)["sheets"].values() for _, v in sheet["cells"].values()]
    texts += [part for name in held(book)["names"] for part in str(name).split(".")]
    texts += [button.label for button in BUTTONS]
    texts += [
        text for file in data.glob("*.csv") for text in re.split(r"[,\r\n]", file.read_text())
    ]
    texts += [text.rstrip("。") for text in texts]
    known = {*texts, "自评表", "人·月", "项目", "指标"}
    return sorted(filter(CHINESE.search, known), key=len, reverse=True)


def test_english_settings_speak_english(filled, open_copy, tmp_path, excel):
    book = open_copy(faulty(filled[SCORED][0], tmp_path / "work" / "form.xlsx"))
    (Path(book.fullname).parent / "xlperf.toml").write_text('lang = "en"\n')
    known = quoted(book, data_of(SCORED))
    press_all(book, filled, tmp_path, excel)
    excel.name = "WPS 表格"
    buttons.check()
    excel.name = "Microsoft Excel"
    (tmp_path / "state" / "undo").rename(tmp_path / "state" / "gone")
    (tmp_path / "state" / "undo").write_text("a file in the way")
    buttons.check()
    captions = {text.replace("项目 and 指标", "") for text in excel.captions}
    assert not [text for text in captions if CHINESE.search(text)]
    assert any("checking" in text for text in captions)
    assert any("CSV (*.xlsx" in text for text in captions)
    assert len(excel.said) > 20
    for said in excel.said:
        for text in known:
            said = said.replace(text, "")
        assert not CHINESE.search(said), said
    assert (tmp_path / "forms_data.xlsx").is_file()
    assert (tmp_path / "forms_summary.xlsx").is_file()


def test_without_settings_all_is_said_in_chinese(filled, open_copy, tmp_path, excel):
    book = open_copy(faulty(filled[SCORED][0], tmp_path / "work" / "form.xlsx"))
    press_all(book, filled, tmp_path, excel)
    progress = re.compile(r"xlperf：\d+ / \d+")
    unsaid = [text for text in excel.captions if not CHINESE.search(progress.sub("", text) or "字")]
    assert not unsaid
    assert all(map(CHINESE.search, excel.said))
    assert (tmp_path / "forms_数据.xlsx").is_file()


def constants(source: str) -> Iterator[str]:
    """The texts in a source that are in no Message and are no docstring."""
    tree = ast.parse(source)
    told = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Message"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


@pytest.mark.parametrize("module", ["buttons", "host", "snapshot", "memory", "marks", "difference"])
def test_no_text_in_one_language_only(module):
    source = (Path(xlperf.addin.__file__).parent / f"{module}.py").read_text("utf-8")
    found = [text for text in constants(source) if CHINESE.search(text)]
    assert [text for text in found if text not in FIELDS] == []


FIELDS = {"编号", "＝＋－＠", "=+-@#＝＋－＠"}
"""What forms and Excel call things: no words to a person."""
