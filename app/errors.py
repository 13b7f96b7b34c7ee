"""What can go wrong, as types. ``db`` translates the driver's errors into these; nothing else sees the driver's."""


class JobsError(Exception):
    """The message is a sentence that may be shown to the caller; ``code`` is for programs."""

    code = "INTERNAL"


class RefusedError(JobsError):
    """The database understood what was asked of a job, and will not do it. Nothing was done."""


class UnknownJobError(RefusedError):
    """The catalogue has no job of this name (SQLSTATE JB001)."""

    code = "UNKNOWN_JOB"


class AlreadyRunningError(RefusedError):
    """The job is running; one run goes at a time (SQLSTATE JB002)."""

    code = "ALREADY_RUNNING"


class NotRunningError(RefusedError):
    """The job is not running, so there is nothing to cancel (SQLSTATE JB005)."""

    code = "NOT_RUNNING"


class BadScheduleError(RefusedError):
    """pg_cron would not understand the schedule, or not as it is meant (SQLSTATE JB006)."""

    code = "BAD_SCHEDULE"


class BadSettingError(RefusedError):
    """A job cannot have a setting of this value (SQLSTATE JB014)."""

    code = "BAD_SETTING"


class InvalidInputError(JobsError):
    """An argument has a value that makes no sense."""

    code = "BAD_USER_INPUT"


class RateLimitedError(JobsError):
    """Too much at a time: triggers within a minute, or subscriptions."""

    code = "RATE_LIMITED"


class DatabaseUnavailableError(JobsError):
    """The database cannot be reached, or went away. It may well be back soon."""

    code = "DATABASE_UNAVAILABLE"


class DatabaseError(JobsError):
    """The database refused a statement."""

    code = "DATABASE_ERROR"
