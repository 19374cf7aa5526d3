"""xlperf in Excel: the ribbon's actions, the worksheet functions, and the add-in itself."""
