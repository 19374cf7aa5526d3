"""What stands in the way of one formula, raised from wherever it is found."""

from xlperf.diagnostic import Message


class RefusalError(Exception):
    """What stands in a formula that the engine will not take."""

    def __init__(self, message: Message) -> None:
        self.message = message
