"""The WSGI application that granian serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from config.local.postgres import use_default

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PGAPPNAME", "roomwright-web")  # how its connections are called in pg_stat_activity
use_default()
application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402 — needs the app registry

from config.checks import refuse_a_bad_deploy  # noqa: E402 — the same

refuse_a_bad_deploy()
get_resolver().url_patterns  # noqa: B018 — every page imported now, not inside the first visitor's transaction
gc.collect()
gc.freeze()  # what is there now stays: looking through all of it again took a tenth of a second now and then
