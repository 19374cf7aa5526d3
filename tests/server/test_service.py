"""Each address does what the command of its name does, and says so in the promised shape."""

import importlib.util
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
import xlsxwriter
from click.testing import CliRunner

from tests.server.service import ROOT, running, write_forms
from xlperf.cli import cli
from xlperf.resources import examples_root, shipped_templates
from xlperf.server import schemas
from xlperf.server.settings import is_loopback

EXAMPLE = examples_root() / "qiannan-2023"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def files(*paths: Path, part: str = "workbook") -> list[tuple[str, tuple[str, bytes]]]:
    return [(part, (path.name, path.read_bytes())) for path in paths]


TABLES = [
    *files(EXAMPLE / "projects.csv", part="projects"),
    *files(EXAMPLE / "indicators.csv", part="indicators"),
]


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def saved_as(response) -> str:
    return unquote(response.headers["content-disposition"].partition("UTF-8''")[2])


def command(*args: object) -> str:
    return CliRunner().invoke(cli, [str(arg) for arg in args]).stdout


def workbook(path: Path, **cells: object) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("表")
        for cell, content in cells.items():
            sheet.write(cell, content)
    return path


def test_recalc_gives_the_bytes_that_the_command_writes(client, forms, tmp_path):
    command("recalc", forms[0], "-o", tmp_path)
    answer = client.post("/v1/recalc", files=files(forms[0]))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == XLSX
    assert saved_as(answer) == forms[0].name
    assert answer.content == (tmp_path / forms[0].name).read_bytes()


def test_recalc_of_several_is_a_zip_file_with_the_report(client, forms, tmp_path):
    stale = workbook(tmp_path / "旧.xlsx", A1=2, A2="=A1*3")
    volatile = workbook(tmp_path / "现.xlsx", A1="=NOW()")
    answer = client.post("/v1/recalc", files=files(forms[0], stale, volatile))
    found = unzipped(answer.content)
    assert set(found) == {forms[0].name, stale.name, "report.json"}
    report = schemas.RecalcReport.model_validate_json(found["report.json"])
    assert [book.file for book in report.workbooks] == [forms[0].name, "旧.xlsx", "现.xlsx"]
    assert [(c.cell, c.old, c.new) for c in report.workbooks[1].changed] == [("A2", 0, 6)]
    assert report.workbooks[2].engine is None


def test_the_report_alone_is_that_of_the_command(client, forms):
    answer = client.post("/v1/recalc?answer=json", files=files(*forms))
    told = json.loads(command("recalc", *forms, "--report", "json"))["workbooks"]
    for ours, theirs in zip(answer.json()["workbooks"], told, strict=True):
        for run in (ours, theirs):
            del run["seconds"]
        assert ours == {**theirs, "file": Path(theirs["file"]).name}


def test_a_workbook_that_no_engine_takes_is_a_problem_with_the_report(client, tmp_path):
    answer = client.post(
        "/v1/recalc?lang=en", files=files(workbook(tmp_path / "现.xlsx", A1="=NOW()"))
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = schemas.Problem.model_validate(answer.json())
    assert problem.diagnostics[0].code == "H118"
    assert problem.diagnostics[0].file == "现.xlsx"
    assert problem.report
    assert problem.report["workbooks"][0]["unsupported"][0]["cell"] == "A1"


def test_check_gives_the_report_of_the_command(client, forms):
    answer = client.post("/v1/check", files=files(*forms))
    schemas.ReviewReport.model_validate(answer.json())
    told = json.loads(command("check", *forms, "--format", "json"))
    for ours, theirs in zip(answer.json()["findings"], told["findings"], strict=True):
        names = {"file": Path(theirs["file"]).name, "document": ""}
        assert ours == {**theirs, **names}
    assert answer.json()["summary"] == told["summary"]


@pytest.mark.parametrize(
    ("style", "kind", "begins"),
    [
        ("text", "text/plain; charset=utf-8", "01_"),
        ("csv", "text/csv; charset=utf-8", "\ufeff"),
        ("html", "text/html; charset=utf-8", "<!"),
        ("sarif", "application/sarif+json", "{"),
    ],
)
def test_check_writes_every_style(client, forms, style, kind, begins):
    answer = client.post(f"/v1/check?format={style}", files=files(forms[0]))
    assert answer.headers["content-type"] == kind
    assert answer.content.decode().startswith(begins)


def test_check_marks_a_copy(client, forms):
    answer = client.post("/v1/check?format=xlsx", files=files(forms[0]))
    assert answer.headers["content-type"] == XLSX
    assert "审核结果" in unzipped(answer.content)["xl/workbook.xml"].decode()


def test_check_takes_tables_options_and_waivers(client):
    everything = client.post("/v1/check", files=TABLES).json()["summary"]
    assert everything["forms"] == 8
    query = "select=A06&select=A01&severity=error&stage=both&lang=en"
    some = client.post(f"/v1/check?{query}", files=TABLES).json()
    assert {found["code"] for found in some["findings"]} == {"A06", "A01"}
    assert "do not add" in some["findings"][0]["message"]
    waiver = '[[waiver]]\ncode = "A06"\nreason = "口径"\n'.encode()
    waived = client.post(
        f"/v1/check?{query}", files=[*TABLES, ("waivers", ("豁免.toml", waiver))]
    ).json()
    assert {found["code"] for found in waived["findings"]} == {"A01"}
    assert waived["summary"]["waived"]


def test_score_writes_what_the_command_writes(client, tmp_path):
    (path,) = write_forms(tmp_path / "forms")[1:2]
    original = files(path)
    report = client.post("/v1/score?answer=json&policy=linear", files=original).json()
    (form,) = schemas.ScoreReport.model_validate(report).forms
    answer = client.post("/v1/score?policy=linear", files=original)
    told = command("score", path, "--policy", "linear")
    assert answer.content == path.read_bytes()
    assert f"总分 {form.total:g} {form.grade}" in told
    for row in form.rows:
        assert f"{row.cell:5}" in told


def test_score_takes_a_policy_of_its_own(client, forms):
    one = client.post("/v1/score?answer=json&policy=one_decimal", files=files(forms[1])).json()
    policy = ROOT / "xlperf/scoring/policies/one_decimal.toml"
    same = client.post(
        "/v1/score?answer=json", files=[*files(forms[1]), *files(policy, part="policy")]
    ).json()
    assert one == same


def test_fill_writes_what_the_command_writes(client, tmp_path):
    command("fill", "guizhou_self_evaluation", EXAMPLE, "-o", tmp_path, "--scores", "given")
    answer = client.post("/v1/fill?template=guizhou_self_evaluation&scores=given", files=TABLES)
    found = unzipped(answer.content)
    report = schemas.FillReport.model_validate_json(found.pop("report.json"))
    assert found == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert [project.file for project in report.projects] == sorted(found)


def test_fill_takes_an_uploaded_template_and_makes_one_workbook(client):
    template = shipped_templates()[1]
    answer = client.post(
        "/v1/fill?layout=sheets", files=[*TABLES, *files(template, part="template")]
    )
    assert answer.status_code == 200
    assert saved_as(answer) == template.name
    assert unzipped(answer.content)["xl/workbook.xml"].count(b"<sheet ") == 9


def test_read_is_the_inverse_of_fill(client, tmp_path):
    filled = client.post("/v1/fill?template=guizhou_self_evaluation&scores=given", files=TABLES)
    forms = [
        ("workbook", (name, data))
        for name, data in sorted(unzipped(filled.content).items())
        if name != "report.json"
    ]
    tables = unzipped(client.post("/v1/read?answer=zip", files=forms).content)
    for name in ("projects.csv", "indicators.csv"):
        assert tables[name] == (EXAMPLE / name).read_bytes()
    report = schemas.ReadReport.model_validate_json(client.post("/v1/read", files=forms).content)
    assert [row["编号"] for row in report.projects] == [f"{n:02}" for n in range(1, 9)]
    assert len(report.indicators) == 84
    book = client.post("/v1/read?answer=file", files=forms)
    assert saved_as(book) == "数据.xlsx"
    again = client.post(
        "/v1/fill?template=guizhou_self_evaluation&scores=given",
        files=[("data", ("数据.xlsx", book.content))],
    )
    ours, theirs = unzipped(again.content), unzipped(filled.content)
    assert ours.keys() == theirs.keys()


def test_the_same_name_twice_is_told_apart(client, forms):
    same = [("workbook", ("自评表.xlsx", path.read_bytes())) for path in forms[:2]]
    answer = client.post("/v1/read", files=same).json()
    assert len(answer["projects"]) == 2
    found = unzipped(client.post("/v1/recalc", files=same).content)
    assert set(found) == {"自评表.xlsx", "自评表 (2).xlsx", "report.json"}


NAMES = ["../../外.xlsx", "C:\\表\\外.xlsx", "x" * 300 + ".xlsx", "report.json", "a\x01b", "数据表"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_leads_nowhere_else(client, forms, name):
    given = [("workbook", (name, forms[0].read_bytes()))] * 2
    answer = client.post("/v1/recalc", files=given)
    assert answer.status_code == 200, answer.text
    found = unzipped(answer.content)
    assert len(found) == 3
    assert not any("/" in name or "\\" in name for name in found)


def test_templates_are_listed_with_those_of_the_folder(client, tmp_path):
    listed = schemas.Templates.model_validate(client.get("/v1/templates").json())
    assert [t.name for t in listed.templates] == [path.stem for path in shipped_templates()]
    own = tmp_path / "own"
    own.mkdir()
    (own / "本单位.xlsx").write_bytes(shipped_templates()[1].read_bytes())
    (own / "坏.xlsx").write_bytes(b"PK")
    options = ("--workers", 1, "--templates", own)
    with running(tmp_path / "run", *options) as service, service.client() as other:
        more = schemas.Templates.model_validate(other.get("/v1/templates").json())
        filled = other.post("/v1/fill?template=本单位", files=TABLES)
    assert [t.name for t in more.templates if not t.shipped] == ["本单位"]
    assert [found.file for found in more.problems] == ["坏.xlsx"]
    assert len(unzipped(filled.content)) == 9


REFUSED = {
    "no file": ("/v1/recalc", [("other", b"")], 422, "H107"),
    "no workbook": ("/v1/score", [("policy", b"")], 422, "H106"),
    "one table only": ("/v1/check", TABLES[:1], 422, "H106"),
    "half a pair": ("/v1/check", [*TABLES[:1], ("workbook", b"")], 422, "H106"),
    "two policies": ("/v1/score", [("policy", b""), ("policy", b"")], 422, "H107"),
    "an unknown option": ("/v1/recalc?engine=abacus", [("workbook", b"")], 422, "H108"),
    "an unknown policy": ("/v1/score?policy=../x", [("workbook", b"")], 422, "H108"),
    "an unknown template": ("/v1/fill?template=x", TABLES, 422, "H109"),
    "a path for a template": (
        f"/v1/fill?template={shipped_templates()[0]}",
        TABLES,
        422,
        "H109",
    ),
    "no template": ("/v1/fill", TABLES, 422, "H109"),
    "an unknown rule": ("/v1/check?select=X99", TABLES, 422, "R203"),
    "an empty file": ("/v1/recalc", [("workbook", b"")], 422, "W110"),
    "no form": ("/v1/read", [("workbook", b"a,b\n")], 422, "W115"),
    "a wrong policy": ("/v1/score", [("workbook", b""), ("policy", b"x = [")], 422, "X401"),
    "too large": ("/v1/recalc", [("workbook", b"x" * (2 << 20))], 413, "H102"),
    "too many": ("/v1/recalc", [("workbook", b"")] * 1001, 413, "H102"),
    "no such address": ("/v1/other", [("workbook", b"")], 404, "H117"),
    "no such method": ("/v1/templates", [("workbook", b"")], 405, "H117"),
}


@pytest.mark.parametrize(("address", "given", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_told(client, address, given, status, code):
    answer = client.post(address, files=given, headers={"Accept-Language": "en-GB,zh;q=0.5"})
    assert answer.status_code == status
    problem = schemas.Problem.model_validate(answer.json())
    assert [found.code for found in problem.diagnostics][:1] == [code]
    assert problem.detail.isascii() or code != "H117"
    if status == 405:
        assert answer.headers["allow"] == "GET"


BODIES = {
    "not multipart": ({"content-type": "application/json"}, b"{}", 415, "H105"),
    "no boundary": ({"content-type": "multipart/form-data"}, b"", 415, "H105"),
    "cut off": ({"content-type": "multipart/form-data; boundary=b"}, b"--b\r\n", 400, "H104"),
    "rubbish": ({"content-type": "multipart/form-data; boundary=b"}, b"rubbish", 400, "H104"),
}


@pytest.mark.parametrize(("headers", "body", "status", "code"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_form_is_told(client, headers, body, status, code):
    answer = client.post("/v1/read", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["diagnostics"][0]["code"] == code


def test_a_streamed_upload_ends_at_the_limit(client):
    def endless():
        yield b'--b\r\nContent-Disposition: form-data; name="workbook"; filename="x"\r\n\r\n'
        for _ in range(64):
            yield b"x" * (1 << 16)

    answer = client.post(
        "/v1/recalc",
        content=endless(),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("", "zh"),
        ("en", "en"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("fr, zh-TW;q=0.9, en;q=0.5", "zh"),
        ("fr;q=x, *", "zh"),
    ],
)
def test_messages_come_in_the_language_asked_for(client, asked, lang):
    words = {"zh": "这是文本文件", "en": "this is a text file"}
    for query, wanted in (("", lang), ("?lang=en", "en"), ("?lang=zh", "zh")):
        answer = client.post(
            f"/v1/read{query}",
            files=[("workbook", ("a.xlsx", b"a,b\n"))],
            headers={"Accept-Language": asked},
        )
        assert words[wanted] in answer.json()["detail"]


def test_a_token_is_asked_for(service, client, forms):
    with service.client(Authorization="Bearer wrong") as stranger:
        for answer in (
            stranger.post("/v1/recalc", files=files(forms[0])),
            stranger.get("/v1/templates"),
            stranger.get("/metrics"),
            stranger.get("/metrics", headers={"Authorization": "Basic eDp5"}),
        ):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["diagnostics"][0]["code"] == "H101"
        assert stranger.get("/healthz").status_code == 200


def test_health_and_figures(service, client, forms):
    health = schemas.Health.model_validate(client.get("/healthz").json())
    assert (health.status, health.workers) == ("ok", 2)
    labels = {"endpoint": "/v1/read", "status": "200"}
    before = service.figure("xlperf_requests_total", **labels)
    client.post("/v1/read", files=files(forms[0]))
    assert service.figure("xlperf_requests_total", **labels) == before + 1
    assert service.figure("xlperf_request_seconds_count", endpoint="/v1/read") >= 1
    assert service.figure("xlperf_jobs_under_way") == 0


def test_settings_come_from_the_nearest_file(tmp_path, forms):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "xlperf.toml").write_text('lang = "en"\nselect = ["A06"]\n[limits]\nparts = 5\n')
    with running(folder, "--workers", 1) as service, service.client() as client:
        refused = client.post("/v1/check", files=files(forms[0]))
        assert refused.json()["diagnostics"][0]["code"] == "W134"
        assert "the limit" in refused.json()["detail"]
        found = client.post("/v1/check", files=TABLES).json()["findings"]
        assert {finding["code"] for finding in found} == {"A06"}


def test_beyond_loopback_a_token_is_made_and_told(tmp_path):
    with running(tmp_path / "run", "--workers", 1, "--host", "0.0.0.0", token=None) as service:
        assert service.url
        (token,) = [line.removeprefix("token: ") for line in service.said if "token" in line]
        url = service.url.replace("0.0.0.0", "127.0.0.1")
        with service.client() as client:
            assert client.get(f"{url}/v1/templates").status_code == 401
            headers = {"Authorization": f"Bearer {token}"}
            assert client.get(f"{url}/v1/templates", headers=headers).status_code == 200


def test_on_loopback_none_is_needed(tmp_path):
    with running(tmp_path / "run", "--workers", 1, token=None) as service:
        assert httpx.get(f"{service.url}/v1/templates", trust_env=False).status_code == 200


@pytest.mark.parametrize(
    ("host", "near"),
    [
        *(("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True)),
        *(("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("example.org", False)),
    ],
)
def test_loopback_is_this_machine_only(host, near):
    assert is_loopback(host) == near


def test_a_port_that_is_taken_is_told(service):
    port = service.url.rpartition(":")[2]
    result = CliRunner().invoke(cli, ["--lang", "en", "serve", "--port", port])
    assert result.exit_code == 2
    assert f"127.0.0.1:{port}" in result.stderr


@pytest.mark.parametrize("missing", ["fastapi", "uvicorn", "python_multipart"])
def test_without_the_extra_it_says_how_to_install_it(missing, monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == missing else there(name)
    )
    result = CliRunner().invoke(cli, ["serve"])
    assert result.exit_code == 2
    assert "xlperf[server]" in result.stderr


@pytest.mark.parametrize("argument", ["--version", "--help", "explain C02"])
def test_other_commands_do_not_load_it(argument):
    code = (
        "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        f"sys.argv = ['xlperf', *{argument.split()}]; import xlperf.__main__ as m; m.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=ROOT
    )
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert "xlperf" in loaded
    assert not loaded & {"fastapi", "uvicorn", "starlette", "prometheus_client", "pydantic"}
