"""Under load no request is lost, and nobody gets the answer of another."""

import os
import signal
import threading

from tests.server import load
from tests.server.service import running


def test_many_clients_lose_nothing_and_get_their_own(tmp_path):
    with running(tmp_path / "run", "--workers", 2, "--queue", 5) as service:
        figures = load.run(service.url, 20, 3)
        counted = service.figure("xlperf_requests_total", endpoint="/v1/recalc", status="200")
    assert (figures.lost, figures.wrong) == (0, 0)
    assert counted == len(figures.seconds) >= 20
    assert figures.again[429]  # 20 clients, and 7 places
    assert figures.again[503] == 0


def test_a_killed_worker_costs_another_try_and_no_request(tmp_path):
    with running(tmp_path / "run", "--workers", 2) as service:
        assert service.url
        victim = service.workers()[0]
        timer = threading.Timer(1, os.kill, (victim, signal.SIGKILL))
        timer.start()
        figures = load.run(service.url, 10, 3)
        timer.join()
        assert victim not in service.workers()
    assert (figures.lost, figures.wrong) == (0, 0)
    assert len(figures.seconds) >= 10
