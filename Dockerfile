# One image, one command: every role is `segments ROLE`; without a role it is a worker.
FROM python:3.11.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# the locks first: they change seldom, and everything below them is rebuilt when they do
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/segments \
    && /opt/segments/bin/pip install --require-hashes -r requirements.lock \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY demo/online_retail.csv.gz demo/
COPY rules rules
COPY stream stream
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
    && /opt/segments/bin/pip install --no-deps /dist/*.whl

FROM python:3.11.13-slim-bookworm
LABEL org.opencontainers.image.title="segments-stream" org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/segments /opt/segments
# `segments run` keeps its state here; a worker writes nothing and runs on a read-only root
RUN install -d -o 10001 -g 10001 /var/lib/segments
ENV PATH=/opt/segments/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SEGMENTS_DATA=/var/lib/segments \
    SEGMENTS_HTTP_HOST=0.0.0.0 \
    SEGMENTS_HTTP_PORT=8080 \
    SEGMENTS_LOG_FORMAT=json
WORKDIR /var/lib/segments
# a number, so that an orchestrator can see that it is not root
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['SEGMENTS_HTTP_PORT']}/healthz\", timeout=4)"]
ENTRYPOINT ["segments"]
CMD ["worker"]
