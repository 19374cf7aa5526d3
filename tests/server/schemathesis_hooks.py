"""What schemathesis uploads: workbooks and tables as people send them, and rubbish."""

import os
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

from xlperf.resources import examples_root, shipped_templates

EXAMPLE = examples_root() / "qiannan-2023"
UPLOADS = [
    Path(os.environ["XLPERF_TESTED_FORM"]).read_bytes(),
    *(path.read_bytes() for path in shipped_templates()[:2]),
    *((EXAMPLE / name).read_bytes() for name in ("projects.csv", "indicators.csv")),
    b"",
    b"PK\3\4 and no more",
    '规则 = "A01"\n'.encode(),
]

schemathesis.openapi.format("binary", st.sampled_from(UPLOADS) | st.binary(max_size=64))
