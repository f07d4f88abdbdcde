# The hub as an image: the pinned packages and the six packages of the hub, run as a user without rights.

ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv /opt/orderhub
COPY requirements-run.txt .
RUN /opt/orderhub/bin/pip install --require-hashes --no-deps -r requirements-run.txt
COPY pyproject.toml README.md LICENSE ./
COPY canonical canonical
COPY mappings mappings
COPY routes routes
COPY core core
COPY connectors connectors
COPY hub hub
RUN /opt/orderhub/bin/pip install --no-deps --no-build-isolation .

FROM python:${PYTHON}-slim
RUN useradd --system --create-home --home-dir /var/lib/orderhub --shell /usr/sbin/nologin orderhub
COPY --from=build /opt/orderhub /opt/orderhub
ENV PATH=/opt/orderhub/bin:$PATH PYTHONUNBUFFERED=1
USER orderhub
# Where `hub.yaml` is mounted, and where an embedded store is kept if one is configured.
WORKDIR /var/lib/orderhub
EXPOSE 8000
ENTRYPOINT ["orderhub"]
CMD ["run"]
