"""xlperf.template."""
