# The database image with what the suite needs besides, and with an environment that the suite can change.
ARG DEBIAN=trixie
FROM barycenter-jobs-database:${DEBIAN}
USER root
RUN /usr/local/lib/barycenter-jobs/install testing && rm -rf /var/lib/apt/lists/*
USER postgres
ENTRYPOINT ["bash", "-c", "set -a; [ ! -e /tmp/environment ] || . /tmp/environment; exec /usr/local/lib/barycenter-jobs/database \"$@\"", "--"]
