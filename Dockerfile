# `./muster serve` as an image: docs/SERVE.md says how to run it.
FROM python:3.11-slim AS build
WORKDIR /muster
COPY requirements.txt requirements-demo.txt ./
RUN python3 -m venv --without-pip .venv \
    && python3 -m pip --python .venv/bin/python install --quiet --no-cache-dir --no-deps --only-binary=:all: -r requirements-demo.txt \
    && touch .venv/.runs
COPY app.py muster ./
COPY .chalice/resources.json .chalice/
COPY chalicelib/ chalicelib/
COPY sheets_sync/ sheets_sync/
COPY manage/ manage/
RUN .venv/bin/python -m compileall -q app.py chalicelib sheets_sync manage
WORKDIR /data

FROM python:3.11-slim
COPY --from=build /muster /muster
COPY --from=build --chown=10001:10001 /data /data
ENV MUSTER_DB=/data/muster.db HOST=0.0.0.0 PORT=8080 PYTHONDONTWRITEBYTECODE=1
WORKDIR /data
VOLUME /data
EXPOSE 8080
USER 10001:10001
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s CMD ["/muster/.venv/bin/python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=8)"]
ENTRYPOINT ["/muster/muster"]
CMD ["serve"]
