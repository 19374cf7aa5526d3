"""The plan of payments over the year."""
