# Each step is one that `make` also runs, so that an image holds what a clone would.
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/sailpass
COPY pyproject.toml requirements.lock README.md Makefile ./
COPY app ./app
RUN make setup

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /srv/sailpass sailpass && install --directory --mode=0700 --owner=sailpass /data
WORKDIR /srv/sailpass
COPY --from=build /srv/sailpass/.venv ./.venv
COPY pyproject.toml README.md CHANGELOG.md LICENSE alembic.ini ./
COPY app ./app
COPY templates ./templates
COPY static ./static
COPY locale ./locale
COPY migrations ./migrations
USER sailpass
ENV PATH=/srv/sailpass/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    SAILPASS_DATA_DIR=/data \
    SAILPASS_HOST=0.0.0.0 \
    SAILPASS_LOG_FORMAT=json
# Beyond loopback it listens only under names that are given: SAILPASS_ALLOWED_HOSTS=sailpass.example.com
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["sailpass", "serve"]
