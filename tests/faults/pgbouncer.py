"""Debian's PgBouncer in front of the suite's cluster, in transaction pooling mode."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from ..cluster import Cluster, until
from ..ports import free_port, is_listening


@contextmanager
def pgbouncer(cluster: Cluster) -> Iterator[Cluster]:
    """The same cluster, seen through PgBouncer: a server connection is anybody's after each transaction."""
    login = conninfo_to_dict(cluster.owner)
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "users.txt").write_text(
            "".join(f'"{user}" "{login["password"]}"\n' for user in ("barycenter", "barycenter_jobs_app"))
        )
        Path(folder, "pgbouncer.ini").write_text(
            f"""
            [databases]
            barycenter = host=127.0.0.1 port={login["port"]}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {folder}/users.txt
            pool_mode = transaction
            default_pool_size = 4
            max_client_conn = 300
            ignore_startup_parameters = options
            """.replace("            ", "")
        )
        as_user = []
        if os.geteuid() == 0:  # which PgBouncer refuses to run as
            as_user = ["runuser", "-u", "postgres", "--"]
            subprocess.run(["chown", "-R", "postgres", folder], check=True)
        command = [*as_user, "/usr/sbin/pgbouncer", "-q", f"{folder}/pgbouncer.ini"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                until(lambda: is_listening(port) or process.poll() is not None)
                yield cluster.behind(port)
            finally:
                process.terminate()
