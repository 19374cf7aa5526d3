"""xlperf.expr."""
