"""What can go wrong that a user can mend. A bug keeps its traceback; these are one line each."""


class PortalError(Exception):
    """The parent of every error that the command prints as one line. Message: what is wrong, and what to do."""


class ConfigError(PortalError):
    """The configuration says something the portal cannot do. The message starts with `file:line:`."""


class SourceError(PortalError):
    """A source could not be read: unreachable, broken, or refused."""


class OutputError(PortalError):
    """The site could not be written."""


class ParseError(PortalError):
    """A text is not what its format says."""

    def __init__(self, source: str, line: int, problem: str) -> None:
        super().__init__(f"{source}:{line}: {problem}")
        self.source = source
        self.line = line
        self.problem = problem

    def __reduce__(self) -> tuple[type, tuple[str, int, str]]:
        """Let it travel between processes: an exception is made anew from what it was made of."""
        return type(self), (self.source, self.line, self.problem)
