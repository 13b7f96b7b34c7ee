"""plpgsql_check finds nothing in any function of ours; ``make lint`` runs this too."""

from ..cluster import Cluster

# A condition that one function of ours makes, of quoted literals, and another one executes is not sanitized for it.
CHECK = """
SELECT function.proname, problem
FROM pg_proc AS function
CROSS JOIN LATERAL plpgsql_check_function(
    function.oid,
    CASE WHEN function.prorettype = 'trigger'::regtype THEN 'barycenter_jobs.job'::regclass ELSE 0 END,
    extra_warnings => true, performance_warnings => false, security_warnings => true
) AS problem
WHERE
    function.pronamespace = 'barycenter_jobs'::regnamespace
    AND function.prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = function.oid AND deptype = 'e')
    AND problem ~ '^[a-z ]+:[0-9A-Z]{5}:' AND problem NOT LIKE '%:text type variable is not sanitized'
"""


def test_plpgsql_check_finds_nothing(migrated: Cluster) -> None:
    with migrated.connect(migrated.superuser) as superuser:
        superuser.execute("CREATE EXTENSION IF NOT EXISTS plpgsql_check")
        try:
            # With a word too many, so that a check that checks nothing shows.
            assert len(superuser.execute(CHECK.replace("false, security", "true, security")).fetchall()) > 0
            assert superuser.execute(CHECK).fetchall() == []
        finally:
            superuser.execute("DROP EXTENSION plpgsql_check")
