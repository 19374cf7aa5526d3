"""What a hostile workbook, a dead worker, a client that goes away or too many of them cost."""

import io
import os
import signal
import socket
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import xlsxwriter

from tests.server.hostile import HOSTILE, endless_sums, memory_hog
from tests.server.service import TOKEN, Service, eventually, running
from xlperf.server.pool import _descendants

REPLACED = "xlperf_workers_replaced_total"


@pytest.fixture(scope="module")
def shaken(tmp_path_factory) -> Iterator[Service]:
    """A service that is short of time and memory."""
    folder = tmp_path_factory.mktemp("shaken")
    with running(folder, "--workers", 2, "--timeout", 3, "--memory", 768) as service:
        yield service


@pytest.fixture
def client(shaken) -> Iterator[httpx.Client]:
    with shaken.client() as client:
        yield client


@pytest.fixture(scope="module")
def many(forms) -> list[tuple[str, tuple[str, bytes]]]:
    """Enough workbooks for a job that takes seconds."""
    return [("workbook", (f"{n}.xlsx", forms[n % 8].read_bytes())) for n in range(400)]


def works(client: httpx.Client, form: Path) -> bool:
    answer = client.post("/v1/read", files={"workbook": (form.name, form.read_bytes())})
    return answer.status_code == 200


@contextmanager
def under_way(service: Service, files: object) -> Iterator[object]:
    """A long job that a worker has begun; its answer is that of `result()`."""

    def ask() -> httpx.Response:
        with service.client() as client:
            return client.post("/v1/check?format=csv", files=files)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask)
        assert eventually(lambda: service.figure("xlperf_jobs_under_way") == 1)
        yield answer


def busy_worker(service: Service) -> int:
    """The worker that has files open in a job's folder for its working directory."""
    (busy,) = [pid for pid in service.workers() if "job-" in os.readlink(f"/proc/{pid}/cwd")]
    return busy


def job_folders(folder: Path) -> list[Path]:
    return list(folder.glob("xlperf-serve-*/job-*"))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_answered(client, forms, name):
    data = HOSTILE[name]()
    for address in ("/v1/recalc", "/v1/check"):
        answer = client.post(address, files={"workbook": (f"{name}.xlsx", data)})
        assert answer.status_code in (200, 422), answer.text
    assert works(client, forms[0])


def test_bombs_are_told_by_name(client):
    codes = {"zip bomb": "W133", "entity bomb": "W137"}
    for name, code in codes.items():
        answer = client.post("/v1/recalc", files={"workbook": ("b.xlsx", HOSTILE[name]())})
        assert answer.json()["diagnostics"][0]["code"] == code


def test_a_job_that_takes_too_long_costs_its_worker(shaken, client, forms):
    before = shaken.figure(REPLACED, reason="timeout")
    endless = endless_sums()
    answer = client.post("/v1/recalc", files={"workbook": ("b.xlsx", endless)})
    assert answer.status_code == 422
    assert answer.json()["diagnostics"][0]["code"] == "H112"
    assert shaken.figure(REPLACED, reason="timeout") == before + 1
    assert works(client, forms[0])


def test_a_job_that_needs_too_much_memory_costs_its_worker(shaken, client, forms):
    answer = client.post(
        "/v1/fill?template=guizhou_approval", files={"data": ("b.xlsx", memory_hog())}
    )
    assert answer.status_code == 422
    assert answer.json()["diagnostics"][0]["code"] in ("H112", "H113")  # a slow machine is no fault
    assert works(client, forms[0])


def test_a_slow_upload_is_ended(shaken, client, forms):
    with socket.create_connection(("127.0.0.1", int(shaken.url.rpartition(":")[2]))) as slow:
        slow.sendall(
            b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n"
            b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n--b"
        )
        assert works(client, forms[0])  # nobody waits for it
        slow.settimeout(60)
        assert slow.recv(1 << 16).startswith(b"HTTP/1.1 408 ")


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="only Linux tells who is busy")
def test_a_worker_killed_in_mid_job_costs_that_job(tmp_path, forms, many):
    with running(tmp_path / "run", "--workers", 2) as service, service.client() as client:
        for turn in (1, 2):
            with under_way(service, many) as answer:
                os.kill(busy_worker(service), signal.SIGKILL)
                lost = answer.result()
            assert lost.status_code == 503
            assert lost.headers["retry-after"] == "1"
            assert lost.json()["diagnostics"][0]["code"] == "H114"
            assert service.figure(REPLACED, reason="died") == turn
            assert all(works(client, form) for form in forms)
        for pid in service.workers():  # idle ones are replaced unseen
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: works(client, forms[0]))
        assert works(client, forms[1])
        assert not job_folders(tmp_path / "run")


def test_a_job_whose_client_went_away_is_dropped(tmp_path, forms, many):
    with running(tmp_path / "run", "--workers", 1) as service, service.client() as client:
        with service.client() as impatient:
            form = httpx.Request("POST", service.url, files=many)
            sent = socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])))
            head = (
                f"POST /v1/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
                f"Content-Type: {form.headers['content-type']}\r\n"
                f"Content-Length: {form.headers['content-length']}\r\n\r\n"
            )
            sent.sendall(head.encode() + form.read())
            assert eventually(lambda: service.figure("xlperf_jobs_under_way") == 1)
            sent.close()
            assert eventually(lambda: service.figure(REPLACED, reason="gone") == 1)
            assert works(impatient, forms[0])
        assert service.figure("xlperf_jobs_under_way") == 0
        assert not job_folders(tmp_path / "run")
        assert works(client, forms[1])


def test_too_many_requests_are_told_when_to_come_again(tmp_path, forms, many):
    with (
        running(tmp_path / "run", "--workers", 1, "--queue", 0) as service,
        under_way(service, many) as answer,
        service.client() as client,
    ):
        refused = client.post("/v1/read", files={"workbook": ("a.xlsx", b"")})
        assert refused.status_code == 429
        assert refused.json()["diagnostics"][0]["code"] == "H110"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert client.get("/healthz").status_code == 200
        assert answer.result().status_code == 200
        assert works(client, forms[0])


@pytest.mark.oracle("libreoffice")
def test_a_worker_takes_its_libreoffice_with_it(tmp_path):
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        book.add_worksheet().write_array_formula("A1:A3", "{=ROW(B1:B3)*2}")
    with (
        running(tmp_path / "run", "--workers", 1, "--timeout", 60) as service,
        service.client() as client,
    ):
        answer = client.post(
            "/v1/recalc?answer=json&engine=libreoffice",
            files={"workbook": ("a.xlsx", made.getvalue())},
        )
        (done,) = answer.json()["workbooks"]
        assert [cell["new"] for cell in done["changed"]] == [2, 4, 6]
        started = _descendants(service.workers()[0])
        assert started
        endless = {"workbook": ("b.xlsx", endless_sums())}
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/recalc", files=endless, timeout=2)
        assert eventually(lambda: not any(map(alive, started)))


def test_it_ends_after_the_job_under_way(tmp_path, many):
    with running(tmp_path / "run", "--workers", 1) as service:
        with under_way(service, many) as answer:
            service.process.send_signal(signal.SIGTERM)
            with service.client() as client:
                assert eventually(lambda: client.get("/healthz").status_code == 503)
                refused = client.post("/v1/read", files={"workbook": ("a.xlsx", b"")})
                assert refused.status_code == 503
                assert refused.headers["retry-after"]
                assert refused.json()["diagnostics"][0]["code"] == "H111"
            assert answer.result().status_code == 200
            assert answer.result().text.count("\n") > 400
        assert service.process.wait(60) == 0
    assert not list((tmp_path / "run").iterdir())


def test_its_workers_and_files_go_with_it_when_it_is_killed(tmp_path, many):
    with running(tmp_path / "run", "--workers", 2) as service:
        with under_way(service, many) as answer:
            workers = service.workers()
            service.process.kill()
            assert isinstance(answer.exception(), httpx.TransportError)
        assert eventually(lambda: not any(map(alive, workers)))
        assert eventually(lambda: not list((tmp_path / "run").iterdir()))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_nothing_is_left_of_a_job(tmp_path, forms):
    with running(tmp_path / "run", "--workers", 1) as service, service.client() as client:
        for form in forms:
            assert works(client, form)
        answer = client.post("/v1/recalc", files={"workbook": ("b.xlsx", forms[0].read_bytes())})
        assert zipfile.is_zipfile(io.BytesIO(answer.content))
        client.post("/v1/recalc", files={"workbook": ("b.xlsx", b"")})
        client.post("/v1/recalc", files={"other": ("b.xlsx", b"")})
        assert eventually(lambda: not job_folders(tmp_path / "run"))
        assert service.end() == 0
    assert not list((tmp_path / "run").iterdir())
