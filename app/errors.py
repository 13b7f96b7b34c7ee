"""What can go wrong, as types. ``db`` translates the driver's errors into these; nothing else sees the driver's."""


class JobsError(Exception):
    """The message is a sentence that may be shown to the caller; ``code`` is for programs."""

    code = "INTERNAL"


class UnknownJobError(JobsError):
    """The catalogue has no job of this name (SQLSTATE JB001)."""

    code = "UNKNOWN_JOB"


class AlreadyRunningError(JobsError):
    """The job is running; one run goes at a time (SQLSTATE JB002)."""

    code = "ALREADY_RUNNING"


class InvalidInputError(JobsError):
    """An argument has a value that makes no sense."""

    code = "BAD_USER_INPUT"


class DatabaseUnavailableError(JobsError):
    """The database cannot be reached, or went away. It may well be back soon."""

    code = "DATABASE_UNAVAILABLE"


class DatabaseError(JobsError):
    """The database refused a statement."""

    code = "DATABASE_ERROR"
