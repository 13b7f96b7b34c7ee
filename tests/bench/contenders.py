"""Ways to delete expired sessions, each as people use it today."""

import time
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import BigInteger, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool

from .measured import Connection

BATCH = 1000


class Base(DeclarativeBase):
    pass


class SessionRow(Base):
    __tablename__ = "sessions"

    session_id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    expires_at: Mapped[int] = mapped_column(BigInteger)


def bare_delete(owner: Connection) -> None:
    owner.execute("DELETE FROM sessions WHERE expires_at < extract(EPOCH FROM now())::bigint")


def run_job(owner: Connection) -> None:
    owner.execute("CALL run_job('cleanup_expired_sessions')")


def skip_locked(owner: Connection) -> None:
    """The loop that many a job queue and blog has."""
    while owner.execute(
        """
        DELETE FROM sessions WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM sessions WHERE expires_at < extract(EPOCH FROM now())::bigint
            LIMIT 1000 FOR UPDATE SKIP LOCKED
        ))
        """
    ).rowcount:
        pass


def sqlalchemy_orm(owner: Connection) -> None:
    """Objects that are loaded and deleted, in transactions of a thousand."""

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(owner.info.dsn, password=owner.info.password)

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    expired = select(SessionRow).where(SessionRow.expires_at < int(time.time())).limit(BATCH)
    with Session(engine) as session:
        while rows := session.scalars(expired).all():
            for row in rows:
                session.delete(row)
            session.commit()


CONTENDERS: dict[str, Callable[[Connection], None]] = {
    "bare DELETE": bare_delete,
    "run_job": run_job,
    "SKIP LOCKED": skip_locked,
    "SQLAlchemy ORM": sqlalchemy_orm,
}
