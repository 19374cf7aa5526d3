"""A column of scores in one call of Excel, against the registry and the formula over columns.

The call passes xlwings' own UDF server; only the modules of Windows are stand-ins, so what COM
itself costs is not in it. It is CPU time.
"""

import random
import time

import pytest

from benchmarks.measure import medians, report
from tests.addin.windows import udf_server
from xlperf.expr.columns import evaluate
from xlperf.indicator import parse
from xlperf.scoring import Policy, score_expr
from xlperf.scoring.functions import WORKSHEET_FUNCTIONS
from xlperf.scoring.rules import ACTUAL, WEIGHT

CELLS = 1_000
ROUNDS = 9
LEFT_OUT = -2147352572


def main() -> None:
    rng = random.Random(7)
    actuals = [round(rng.uniform(1, 200), 2) for _ in range(CELLS)]
    weights = [float(rng.randrange(1, 21)) for _ in range(CELLS)]
    points = score_expr(parse("≥100个").target, Policy.default())
    xp_score = WORKSHEET_FUNCTIONS["XP_SCORE"]
    with pytest.MonkeyPatch.context() as monkeypatch:
        excel = udf_server(monkeypatch)[0].XLPython()
        areas = [tuple((cell,) for cell in column) for column in (actuals, weights)]
        cells = [tuple(("≥100个",) for _ in range(CELLS)), *areas, LEFT_OUT]
        contestants = {
            "the formula over columns": lambda: evaluate(
                points, {ACTUAL.name: actuals, WEIGHT.name: weights}
            ),
            "XP_SCORE of the registry": lambda: xp_score(["≥100个"] * CELLS, actuals, weights),
            "XP_SCORE as a cell calls it": lambda: excel.CallUDF(
                "xlperf.addin.udfs", "XP_SCORE", cells, None, None
            ),
        }
        seconds = medians(contestants, ROUNDS, time.process_time)
    report(f"A column of {CELLS:,} scores", seconds, 1, "column", "the formula over columns")


if __name__ == "__main__":
    main()
