# The image of web, worker, beat and migrate (docker-compose.yml). tests/launcher checks that its
# commands are the ones the launcher runs.

# --- front-end files ---
FROM node:22-bookworm-slim AS front
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY assets assets
COPY static static
RUN npm run build

# --- Python packages ---
FROM python:3.11-slim-bookworm AS packages
WORKDIR /src
COPY launcher/bootstrap.txt ./
RUN python -m pip install --require-hashes --only-binary=:all: --disable-pip-version-check -r bootstrap.txt
COPY pyproject.toml uv.lock ./
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
RUN uv sync --frozen --no-default-groups

# --- what runs ---
FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-dejavu-core libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 jalon \
    && useradd --system --uid 10001 --gid jalon --no-create-home --shell /usr/sbin/nologin jalon \
    && install -d -o jalon -g jalon -m 0700 /srv/media
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    XDG_CACHE_HOME=/tmp \
    JALON_STATIC_ROOT=/srv/static \
    JALON_MEDIA_ROOT=/srv/media
WORKDIR /srv/jalon
COPY --from=packages /opt/venv /opt/venv
COPY . .
COPY --from=front /src/static static
# The addresses are only there for the settings to load: nothing is connected to, nothing is kept.
RUN JALON_SECRET_KEY=only-for-collecting-static-files-while-building \
    JALON_DATABASE_URL=postgresql://build@localhost/build \
    JALON_REDIS_URL=redis://localhost/0 \
    python manage.py collectstatic --no-input --verbosity=0
USER jalon
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "config.wsgi:application", "--bind=0.0.0.0:8000", "--workers=2", "--threads=4", "--graceful-timeout=15", "--preload", "--no-control-socket", "--worker-tmp-dir=/dev/shm"]
