"""xlperf.bulk."""
