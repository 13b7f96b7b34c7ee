"""django-oauth-toolkit's ``cleartokens``, unmodified, on its own tables in a schema of their own."""

from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

from .measured import Connection, clock, count, settle

FILL = """
    INSERT INTO oauth2_provider_accesstoken (token, token_checksum, expires, scope, created, updated, resource)
    SELECT md5(n::text), md5(n::text) || md5(n::text), now() + n * interval '1 second', 'openid', now(), now(), '[]'
    FROM generate_series(-%(half)s, %(half)s - 1) AS n
    ORDER BY random()
"""


def setup(owner: Connection) -> None:
    """Makes the tables."""
    owner.execute("CREATE SCHEMA toolkit")
    database: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": owner.info.host,
        "PORT": owner.info.port,
        "USER": owner.info.user,
        "PASSWORD": owner.info.password,
        "NAME": owner.info.dbname,
        "OPTIONS": {"options": "-c search_path=toolkit"},
    }
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
        USE_TZ=True,
        OAUTH2_PROVIDER={"REFRESH_TOKEN_EXPIRE_SECONDS": 3600},
    )
    django.setup()
    call_command("migrate", verbosity=0)


def measure(owner: Connection, rows: int) -> float:
    """Milliseconds for half of so many access tokens, which lie scattered."""
    owner.execute("SET search_path = toolkit, public, barycenter_jobs")
    try:
        owner.execute("TRUNCATE oauth2_provider_accesstoken CASCADE")
        owner.execute(FILL, {"half": rows // 2})
        settle(owner, "oauth2_provider_accesstoken")
        taken = clock(lambda: call_command("cleartokens"))
        # Some of the live ones may have expired meanwhile.
        assert rows // 2 - taken / 1000 - 60 <= count(owner, "oauth2_provider_accesstoken") <= rows // 2
    finally:
        owner.execute("SET search_path = public, barycenter_jobs")
    return taken
