"""xlperf.scoring."""
