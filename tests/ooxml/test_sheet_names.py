"""New sheet names: whatever they are made from, Excel takes them and each is there once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlperf.ooxml.sheet_names import SheetNames
from xlperf.ooxml.values import sheet_name_problem


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("01_项目", "01_项目"),
        ("01_a/b:c\\d?e*f[g]", "01_a_b_c_d_e_f_g_"),
        ("01_系统：升级／维护＊？［］", "01_系统_升级_维护____"),
        ("  01_\n两行\t ", "01_ 两行"),
        ("'引号'", "引号"),
        ("History", "_History"),
        ("", "_"),
        ("'", "_"),
        ("长" * 40, "长" * 31),
        ("a" * 30 + "\U00020000", "a" * 30),
        ("a" * 29 + " '乙丙", "a" * 29),
        ("01__x0041_", "01_-x0041_"),
        ("\ud800", "_"),
    ],
)
def test_titles_become_names(title: str, name: str) -> None:
    assert SheetNames().free(title) == name


def test_a_name_that_is_taken_gets_a_number() -> None:
    names = SheetNames(["目录", "ABC"])
    assert [names.free("目录"), names.free("目录"), names.free("目录 (2)")] == [
        "目录 (2)",
        "目录 (3)",
        "目录 (2) (2)",
    ]
    assert names.free("abc") == "abc (2)"
    assert names.free("ＡＢＣ") == "ＡＢＣ (3)"
    assert names.free("长" * 40) == "长" * 31
    assert names.free("长" * 35) == "长" * 27 + " (2)"


titles = st.one_of(
    st.text(max_size=40),
    st.text("a'A_ (2)长：/Ａ\U00020000", max_size=34),
    st.sampled_from(["History", "_x0041_", "x" * 31, "x" * 27 + " (2)"]),
)


@given(st.lists(titles, max_size=30), st.lists(titles.filter(bool), max_size=5))
def test_names_are_valid_and_different(made_from: list[str], taken: list[str]) -> None:
    names = SheetNames(taken)
    given_out = [names.free(title) for title in made_from]
    assert [name for name in given_out if sheet_name_problem(name)] == []
    folded = [name.casefold() for name in (*given_out, *{t.casefold() for t in taken})]
    assert len(folded) == len(set(folded))
    assert not any("_x0041_" in name for name in given_out)
