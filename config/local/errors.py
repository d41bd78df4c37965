"""What the local stack says when it cannot go on."""


class LocalStackError(Exception):
    """The message is one sentence for the person at the terminal: what is wrong and what to do."""
