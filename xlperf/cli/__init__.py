"""xlperf.cli."""
