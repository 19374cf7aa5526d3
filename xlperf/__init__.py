"""xlperf fills, reads, scores and checks the official Excel forms of public budget performance."""

__version__ = "0.1.0"
