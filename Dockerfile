# One image for web and worker; the command says which. Built from a clone: docker build -t roomwright .
FROM python:3.12-slim AS build
WORKDIR /app
COPY requirements/main.txt requirements/main.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/main.txt

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /data roomwright && install -d -o roomwright /data
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py pyproject.toml ./
COPY accounts accounts
COPY billing billing
COPY config config
COPY generations generations
COPY projects projects
COPY templates templates
COPY static static
COPY locale locale
COPY docs docs
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 ENVIRONMENT=production DATA_DIR=/data LOG_FORMAT=json
USER roomwright
VOLUME /data
EXPOSE 8000
# A worker has no port: give it `healthcheck: {disable: true}`.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "64", "--backpressure", "128", "--no-ws", "config.wsgi:application"]
