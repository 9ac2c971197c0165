# Digests: `make images` renews them here and in compose.yaml.
ARG PYTHON=python:3.13-slim@sha256:9662417aace5ae7b8e2609cce472b72a8958e134ba372808abe9cc1a0c0125e6

# The wheel, by build tools that stay in this stage; and what it needs, by the hashes of the lock.
FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /build && /build/bin/pip install --require-hashes -r requirements-build.lock
RUN python -m venv /opt/sailpass && /opt/sailpass/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE sailpass.py ./
COPY app ./app
COPY templates ./templates
COPY static ./static
COPY locale ./locale
COPY migrations ./migrations
RUN /build/bin/python -m hatchling build --target wheel --directory /dist \
    && /opt/sailpass/bin/pip install --no-index --no-deps /dist/*.whl \
    && /opt/sailpass/bin/pip uninstall --yes pip

FROM ${PYTHON}
RUN useradd --system --uid 10001 --no-create-home --home-dir /data sailpass \
    && install --directory --mode=0700 --owner=sailpass --group=sailpass /data
COPY --from=build /opt/sailpass /opt/sailpass
USER 10001:10001
WORKDIR /data
ENV PATH=/opt/sailpass/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    SAILPASS_DATA_DIR=/data \
    SAILPASS_HOST=0.0.0.0 \
    SAILPASS_LOG_FORMAT=json
# Beyond loopback it listens only under names that are given: SAILPASS_ALLOWED_HOSTS=sailpass.example.com
# It writes to /data and /tmp alone: docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ.get('SAILPASS_PORT') or 8000}/healthz\", timeout=2)"]
CMD ["sailpass", "serve"]
