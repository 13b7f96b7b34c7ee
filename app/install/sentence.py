"""What a person reads of an error."""

import psycopg


def sentence(error: BaseException | None) -> str:
    """What went wrong and what to do, in one line, without the SQL."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return ". ".join(filter(None, (error.diag.message_primary, error.diag.message_hint)))
    return " ".join(f"{error}".split())  # libpq's have several lines
