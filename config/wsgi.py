"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from config.local.postgres import use_default

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PGAPPNAME", "roomwright-web")  # how its connections are called in pg_stat_activity
use_default()
application = get_wsgi_application()

from config.checks import refuse_a_bad_deploy  # noqa: E402 — needs the app registry

refuse_a_bad_deploy()
