# The admin API and the migrations, installed from the wheel and the lock file:
#
#   docker build -f deploy/app.Dockerfile -t barycenter-jobs .
#   docker run --rm -e DATABASE_URL_FILE=… barycenter-jobs migrate        (or serve)
ARG DEBIAN=trixie
FROM debian:${DEBIAN}-slim AS python
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends python3 ca-certificates \
    && rm -rf /var/lib/apt/lists/*

FROM python AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements.txt requirements-build.txt /src/
# The installer stays behind, in a virtual environment of its own.
RUN python3 -m venv /build \
    && python3 -m venv --without-pip /opt/barycenter-jobs \
    && /build/bin/pip --python /opt/barycenter-jobs/bin/python install -q --require-hashes -r /src/requirements.txt \
    && /build/bin/pip install -q --require-hashes -r /src/requirements-build.txt
COPY pyproject.toml README.md LICENSE /src/
COPY app /src/app
COPY migrations /src/migrations
COPY sql /src/sql
RUN /build/bin/pip wheel -q --no-deps --no-build-isolation -w /dist /src \
    && /build/bin/pip --python /opt/barycenter-jobs/bin/python install -q --no-deps --no-index /dist/*.whl

FROM python
RUN useradd --system --no-create-home --uid 10001 barycenter-jobs
COPY --from=build /opt/barycenter-jobs /opt/barycenter-jobs
ENV PATH=/opt/barycenter-jobs/bin:$PATH PYTHONUNBUFFERED=1 JOBS_PORT=8081
USER barycenter-jobs
EXPOSE 8081
HEALTHCHECK --interval=5s --start-period=30s CMD ["python3", "-c", \
    "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"JOBS_PORT\"]}/health/live', timeout=3)"]
ENTRYPOINT ["barycenter-jobs"]
CMD ["serve"]
