"""docs/server.md does what it says."""

import re
import shutil
import subprocess

import click
import pytest

from tests.server.service import ROOT, running
from xlperf.bulk import read_workbooks, write_tables
from xlperf.cli.serve import serve
from xlperf.resources import examples_root, shipped_templates
from xlperf.server.app import create_app
from xlperf.server.settings import Settings

PAGE = (ROOT / "docs/server.md").read_text("utf-8")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_every_curl_line_works(tmp_path, forms):
    folder = tmp_path / "somewhere"
    folder.mkdir()
    for name, source in {
        "自评表.xlsx": forms[0],
        "第二张.xlsx": forms[1],
        "表样.xlsx": shipped_templates()[1],
        "projects.csv": examples_root() / "qiannan-2023/projects.csv",
        "indicators.csv": examples_root() / "qiannan-2023/indicators.csv",
    }.items():
        shutil.copy(source, folder / name)
    reading = read_workbooks(forms)
    write_tables(reading.projects, reading.indicators, folder / "数据.xlsx")
    blocks = re.findall(r"```sh\n(curl .*?)```", PAGE, re.DOTALL)
    assert len(blocks) > 5
    with running(tmp_path / "run", "--workers", 1, token=None) as service:
        for block in blocks:
            lines = block.replace("http://127.0.0.1:8000", service.url)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", lines],
                check=False,
                cwd=folder,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, lines + done.stderr
    made = {path.name for path in folder.iterdir()}
    assert {"重算.zip", "审核.html", "评分.xlsx", "表.zip", "表.xlsx"} <= made


def test_every_address_and_option_is_there():
    document = create_app(Settings()).openapi()
    for address, methods in document["paths"].items():
        row = next(line for line in PAGE.splitlines() if f" {address}`" in line)
        for said in methods.values():
            names = {parameter["name"] for parameter in said.get("parameters", ())} - {"lang"}
            body = said.get("requestBody", {"content": {"multipart/form-data": {"schema": {}}}})
            files = body["content"]["multipart/form-data"]["schema"].get("properties", {})
            assert all(f"`{name}`" in row for name in (*names, *files)), address


def test_every_setting_is_there_with_its_default():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `--")]
    for option in serve.params:
        assert isinstance(option, click.Option)
        (row,) = [row for row in rows if f"`{option.opts[0]}`" in row]
        if isinstance(option.default, (int, str)):
            assert str(option.default) in row
