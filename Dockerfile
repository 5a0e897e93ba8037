# One image for every process of the service; docker-compose.yml says which of them a container runs.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# Two environments: the one that goes into the image has no pip in it, the other only builds the wheel.
RUN python -m venv --without-pip /opt/tuneward && python -m venv /opt/builder
# The dependencies first: this layer is made anew only when one of them changes.
COPY requirements.txt deploy/requirements-build.txt ./
RUN pip --python /opt/tuneward/bin/python install --require-hashes -r requirements.txt \
 && /opt/builder/bin/pip install --require-hashes -r requirements-build.txt
COPY . ./
RUN /opt/builder/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && pip --python /opt/tuneward/bin/python install --no-deps /wheels/*.whl

FROM python:${PYTHON}-slim
# A number that no user of the host is likely to have. A new volume at /data gets the folder's owner.
RUN groupadd --gid 10001 tuneward \
 && useradd --uid 10001 --gid tuneward --no-create-home --home-dir /tmp --shell /usr/sbin/nologin tuneward \
 && install --directory --owner tuneward --group tuneward --mode 0750 /data
COPY --from=build /opt/tuneward /opt/tuneward
COPY deploy/check_ready.py deploy/demo_job.py cli/demo_training.jsonl /opt/tuneward/share/
# Nothing is written outside /data and /tmp, so that the root file system can be read-only.
ENV PATH=/opt/tuneward/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TUNEWARD_STORAGE_URL=file:///data/blobs \
    TUNEWARD_SECRET_KEYS_FILE=/data/secret_keys
WORKDIR /opt/tuneward
VOLUME /data
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# There is no HEALTHCHECK here: a worker that inherited the api's would never become healthy.
CMD ["tuneward", "api", "--host", "0.0.0.0"]
