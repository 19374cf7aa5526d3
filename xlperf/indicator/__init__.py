"""xlperf.indicator."""
