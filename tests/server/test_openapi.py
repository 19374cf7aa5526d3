"""The OpenAPI document is complete and true: schemathesis sends what it allows, and what it does
not.
"""

import os
import subprocess
import sys

from tests.server.service import ROOT, TOKEN
from xlperf.server.uploads import PARTS_OF

# Whether a file of bytes is a workbook no schema can say.
NOT_ASKED = "positive_data_acceptance"


def test_schemathesis_finds_nothing(service, forms, tmp_path):
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {TOKEN}", "--exclude-checks", NOT_ASKED),
            *("--generation-deterministic", "--max-examples", "10", "--max-failures", "50"),
            *("--request-timeout", "60", "--no-color", "--no-shrink"),
        ],
        check=False,
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.server.schemathesis_hooks",
            "XLPERF_TESTED_FORM": str(forms[0]),
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-5_000:]
    assert "Selected: 8/8" in run.stdout
    for work in set(PARTS_OF) - {"fill"}:  # whose tables and template fit together by luck only
        for status in ("200", "422"):
            labels = {"endpoint": f"/v1/{work}", "status": status}
            assert service.figure("xlperf_requests_total", **labels), labels


def test_every_address_says_what_can_go_wrong(client):
    document = client.get("/openapi.json").json()
    for work in PARTS_OF:
        said = document["paths"][f"/v1/{work}"]["post"]
        assert said["security"] == [{"HTTPBearer": []}]
        statuses = {"200", "400", "401", "408", "413", "415", "422", "429", "500", "503"}
        assert set(said["responses"]) == statuses
        body = said["requestBody"]["content"]["multipart/form-data"]["schema"]
        assert set(body["properties"]) == set(PARTS_OF[work])
    assert set(document["paths"]) == {
        *(f"/v1/{work}" for work in PARTS_OF),
        *("/v1/templates", "/healthz", "/metrics"),
    }
