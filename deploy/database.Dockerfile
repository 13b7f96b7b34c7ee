# PostgreSQL with pg_cron, from Debian's packages, for the identity database:
#
#   docker build -f deploy/database.Dockerfile -t barycenter-jobs-database .
#
# trixie has PostgreSQL 17 with pg_cron 1.6; --build-arg DEBIAN=sid gives 18, bookworm 15 with pg_cron 1.4.
ARG DEBIAN=trixie
FROM debian:${DEBIAN}-slim

# Its number is the volume's owner, also under the next release.
RUN groupadd --gid 5432 postgres \
    && useradd --uid 5432 --gid 5432 --home-dir /var/lib/postgresql --no-create-home --shell /bin/bash postgres

COPY deploy/install /usr/local/lib/barycenter-jobs/
RUN /usr/local/lib/barycenter-jobs/install postgresql && rm -rf /var/lib/apt/lists/*

COPY deploy/database deploy/database.sql /usr/local/lib/barycenter-jobs/
USER postgres
VOLUME /var/lib/postgresql
EXPOSE 5432
HEALTHCHECK --interval=5s --start-period=60s CMD ["/usr/local/lib/barycenter-jobs/database", "--healthy"]
ENTRYPOINT ["/usr/local/lib/barycenter-jobs/database"]
