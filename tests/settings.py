"""The product's settings, made quick and closed for tests."""

import os
import tempfile
from pathlib import Path

_own_cluster = not os.environ.get("DATABASE_URL")
if _own_cluster:
    from config.local import postgres

    # A cluster of its own, without fsync; started here because the settings read DATABASE_URL right below.
    os.environ["DATABASE_URL"] = postgres.for_tests().connection_url()

from config.settings import *  # noqa: E402, F403 — after DATABASE_URL is set

if _own_cluster:
    del os.environ["DATABASE_URL"]  # programs started by tests shall not find it

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.socialaccount.providers.dummy"]  # noqa: F405 — a site that believes all
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
_files = tempfile.TemporaryDirectory(prefix="roomwright-tests-")  # gone with the process
WHITENOISE_AUTOREFRESH = True  # looks for a file when it is asked for: no list of all of them for each client
MEDIA_ROOT = Path(_files.name) / "media"
C2PA_DIR = Path(_files.name) / "content-credentials"
SCRATCH_DIR = Path(_files.name) / "scratch"
DEFAULT_ENGINE = "preview"
MELTFLEX_API_KEY = ""
MELTFLEX_EXTENSIONS = False
FETCH_ALLOW_LOOPBACK = False
PUBLIC_BASE_URL = ""
API_REQUESTS_PER_MINUTE = 600
IMAGE_PROCESSES = 1
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # emptied between tests
