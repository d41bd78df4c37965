"""Every setting once, in reading order, from the environment. A fresh clone needs none of them.

`.env.example` lists the variables with what happens without them; `config/checks.py` stops a bad deploy.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import environ

from accounts import logs
from config import databases, description, reporting, social, storages, tracing
from config.local.postgres import data_dir

BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(BASE_DIR / ".env")  # variables already set win over the file
env = environ.Env()

# --- What kind of instance this is -----------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
# "development" is a clone on somebody's machine; "production" turns the deploy checks into errors.
ENVIRONMENT = env.str("ENVIRONMENT", default="development")
IN_PRODUCTION = ENVIRONMENT == "production"
DEVELOPMENT_SECRET = "development-only-secret-do-not-deploy"  # noqa: S105 — refused by config/checks.py
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_SECRET)
# Keys of the secrets at rest, `id:base64 of 32 bytes` with commas between; the first seals, all open.
# "" in development: one derived from SECRET_KEY. `manage.py rotate_secrets --new-key` prints an entry.
SECRETS_KEYS = env.str("SECRETS_KEYS", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if not IN_PRODUCTION else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DATA_DIR = data_dir()  # DATA_DIR, by default `var` in the clone
# The address under which the outside reaches this instance ("https://rooms.example"); "" = not reachable.
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", default="").rstrip("/")
DNS_SERVERS = env.list("DNS_SERVERS", default=[])  # asked for records of workspaces' hosts; [] = the system's
# While it is on, every page and endpoint answers 503 with `Retry-After`.
MAINTENANCE = env.bool("MAINTENANCE", default=False)
MAINTENANCE_SECONDS = env.int("MAINTENANCE_SECONDS", default=600)
# A folder with the operator's own terms.html and privacy.html (or terms.de.html, …); "" = placeholders.
LEGAL_PAGES = env.str("LEGAL_PAGES", default="")

# --- Database --------------------------------------------------------------------------------------------

DATABASES = {"default": databases.database(env)}
# LISTEN, leases and the queue need a session of their own: name the server itself where DATABASE_URL is a pooler.
DATABASE_DIRECT_URL = env.str("DATABASE_DIRECT_URL", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Sign-in by other sites: each is on when its id and secret are set (docs/running.md) ----------------

SOCIAL_SIGN_IN = social.sign_in(
    {
        "google": {
            "client_id": env.str("GOOGLE_CLIENT_ID", default=""),
            "secret": env.str("GOOGLE_CLIENT_SECRET", default=""),
        },
        "github": {
            "client_id": env.str("GITHUB_CLIENT_ID", default=""),
            "secret": env.str("GITHUB_CLIENT_SECRET", default=""),
        },
        "microsoft": {
            "client_id": env.str("MICROSOFT_CLIENT_ID", default=""),
            "secret": env.str("MICROSOFT_CLIENT_SECRET", default=""),
            "settings": {"tenant": env.str("MICROSOFT_TENANT", default="common")},
        },
        "apple": {
            "client_id": env.str("APPLE_CLIENT_ID", default=""),
            "secret": env.str("APPLE_KEY_ID", default=""),
            "key": env.str("APPLE_TEAM_ID", default=""),
            "settings": {"certificate_key": env.str("APPLE_PRIVATE_KEY", default="").replace("\\n", "\n")},
        },
    }
)

# --- Application -----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.ConfigApp",
    "config.apps.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "allauth.socialaccount",
    *SOCIAL_SIGN_IN.apps,
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "procrastinate.contrib.django",
    "accounts",
    "projects",
    "billing",
    "generations",
]
MIDDLEWARE = [
    "config.requests.RequestId",
    "config.hosts.Hosts",  # before static files: on a host of a workspace's own not all of them are there
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.maintenance.ClosedSign",
    "config.guessing.Guessing",
    "config.limits.BodyLimit",  # before anything that reads the body, CSRF included
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.languages.PageLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False  # addresses have no trailing slash; a redirect would lose a POST
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.context.site",
            ]
        },
    }
]
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

# --- People ----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "start"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"  # one may look around at once; free credits wait for the click
ACCOUNT_CONFIRM_EMAIL_ON_GET = ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or a new passkey is told by mail
# Tries a minute (m), hour (h) from one address (ip), for one e-mail address (key); the measured walls stand in
# docs/security.md. Counted in the database, so they hold over all processes.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,60/h/ip,5/5m/key",
    "signup": "10/m/ip,40/h/ip",
    "reset_password": "10/m/ip,3/10m/key",
    "reset_password_from_key": "10/m/ip",
}
CACHES = {
    "default": {
        "BACKEND": "accounts.counters.Counters",
        "LOCATION": "accounts_counter",
        "OPTIONS": {"MAX_ENTRIES": 5_000},  # from there on it looks for what is over
    }
}
SOCIALACCOUNT_PROVIDERS = SOCIAL_SIGN_IN.providers
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # an address that another site names opens no account of ours
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Roomwright"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IN_PRODUCTION  # http://localhost
HEADLESS_CLIENTS = ("app",)  # sign-in for apps; a browser has the pages
HEADLESS_TOKEN_STRATEGY = "accounts.devices.TokenStrategy"  # noqa: S105 — a name
FREE_CREDITS = env.int("FREE_CREDITS", default=30)  # once per verified person, in their first workspace

# --- E-mail ----------------------------------------------------------------------------------------------

# Without EMAIL_URL every mail becomes a file in DATA_DIR/mail, so a clone can be signed up to offline.
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
if email_url := env.str("EMAIL_URL", default=""):
    vars().update(environ.Env.email_url_config(email_url))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Roomwright <hello@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
CLIENT_FROM_EMAIL = env.str("CLIENT_FROM_EMAIL", default="")  # of mails in a workspace's name; "" = as above
# Who is told by mail when something needs attention; nobody: it stands in the log and the operators' admin.
OPERATOR_EMAILS = [address.strip() for address in env.list("OPERATOR_EMAILS", default=[]) if address.strip()]

# --- REST API --------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        f"accounts.authentication.{x}Authentication" for x in ("ApiKey", "App")
    ],
    "DEFAULT_PERMISSION_CLASSES": [],  # the policy is the base view's: accounts.tenancy.TenantAPIView
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.rest.StorableJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "accounts.describing.Schema",
    "EXCEPTION_HANDLER": "config.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = description.SETTINGS
API_BODY_BYTES = 15 * 1024 * 1024  # the contract's limit; a longer body is answered 413
DATA_UPLOAD_MAX_MEMORY_SIZE = API_BODY_BYTES
PHOTO_BYTES = 30 * 1024 * 1024  # an uploaded photo file; phones make up to 20 MB
FORM_BYTES = PHOTO_BYTES + 1024 * 1024  # a form with one photo in it
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=600)  # requests that spend, per API key
API_QUOTAS = {  # every request, a minute: of a workspace, of an address, and of an address with keys that are none
    "workspace": env.int("API_WORKSPACE_REQUESTS_PER_MINUTE", default=6000),
    "address": env.int("API_ADDRESS_REQUESTS_PER_MINUTE", default=12000),
    "failed": env.int("API_FAILED_REQUESTS_PER_MINUTE", default=60),
}

# --- Making pictures -------------------------------------------------------------------------------------

MELTFLEX_API_BASE = env.str("MELTFLEX_API_BASE", default="https://www.meltflexai.com").rstrip("/")
MELTFLEX_API_KEY = env.str("MELTFLEX_API_KEY", default="")
# Fields beyond the vendor's documentation (docs/api.md) go upstream only when this is on.
MELTFLEX_EXTENSIONS = env.bool("MELTFLEX_EXTENSIONS", default=False)
DEFAULT_ENGINE = env.str("DEFAULT_ENGINE", default="meltflex" if MELTFLEX_API_KEY else "preview")
# Lets user-given image addresses point at this machine itself. For development and tests; opens no other range.
FETCH_ALLOW_LOOPBACK = env.bool("FETCH_ALLOW_LOOPBACK", default=False)
SYNC_DEADLINE = env.int("SYNC_DEADLINE", default=115)  # seconds; just under the contract's two minutes
SYNC_START_WITHIN = env.int("SYNC_START_WITHIN", default=25)  # seconds a synchronous call may wait in line
# Calls at once that an upstream key starts with; then its answers say how many it bears (generations/gates.py).
UPSTREAM_CONCURRENCY = env.int("UPSTREAM_CONCURRENCY", default=10)
UPSTREAM_PATIENCE = 15 * 60  # seconds after which a generation gives up on an engine that can't be reached
ENGINE_SECONDS = 120  # the longest one engine call may take
LEASE_SECONDS = 20  # a worker that has not renewed its lease for so long counts as dead
WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=20)
IMAGE_PROCESSES = env.int("IMAGE_PROCESSES", default=os.cpu_count() or 1)
WEB_THREADS = env.int("WEB_THREADS", default=64)  # of a process; at most half may wait for pictures

# --- Money -----------------------------------------------------------------------------------------------

STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
# Where Stripe's API is; "" = Stripe itself. `make run` without a key names the sandbox here.
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="").rstrip("/")
STRIPE_PORTAL_CONFIGURATION = env.str("STRIPE_PORTAL_CONFIGURATION", default="")  # bpc_…; "" = the default
STRIPE_AUTOMATIC_TAX = env.bool("STRIPE_AUTOMATIC_TAX", default=False)  # needs Stripe Tax to be set up
REFUND_DAYS = 14  # how long an unused pack can be given back
PAST_DUE_GRACE_DAYS = 7  # a plan whose renewal failed lasts so long

# --- Files -----------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static" if IN_PRODUCTION else None  # a clone serves them where they lie
WHITENOISE_USE_FINDERS = not IN_PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = DATA_DIR / "media"  # unless S3_BUCKET names a bucket
SCRATCH_DIR = DATA_DIR / "scratch"  # files of calls under way; each machine's own
FILE_URL_SECONDS = 24 * 3600  # how long a signed address of a file works
STORAGES = {
    "default": storages.media(env),
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IN_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Content credentials (generations/signing.py) --------------------------------------------------------

# PEM files: the chain, the signer's own certificate first, and its key. Without them this instance signs with a test
# certificate of its own making, kept in C2PA_DIR, which nobody else can check.
C2PA_CERTIFICATE = env.str("C2PA_CERTIFICATE", default="")
C2PA_PRIVATE_KEY = env.str("C2PA_PRIVATE_KEY", default="")
C2PA_ALGORITHM = env.str("C2PA_ALGORITHM", default="es256")  # or es384, es512, ps256, ps384, ps512, ed25519
C2PA_DIR = DATA_DIR / "content-credentials"

# --- Security --------------------------------------------------------------------------------------------

# Our forms lead on to these by redirects, which browsers hold to the policy too.
PAYMENT_PAGES = (
    [STRIPE_API_BASE] if STRIPE_API_BASE else [f"https://{x}.stripe.com" for x in ("checkout", "billing")]
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'", *PAYMENT_PAGES, *SOCIAL_SIGN_IN.pages],
    }
}
CSRF_FAILURE_VIEW = "config.problems.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IN_PRODUCTION
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=IN_PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^domains/ask$"]  # proxies ask over plain HTTP
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IN_PRODUCTION else 0
# Only for who owns all of a domain's subdomains: browsers then refuse plain HTTP to each of them, for a year.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
# That choice, and the browsers' preload list, are the operator's.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # so that limits and the list of sessions see people's own addresses

# --- Log -------------------------------------------------------------------------------------------------

# "line" for people, "json" for programs: then each request is a line too.
LOG_FORMAT = env.str("LOG_FORMAT", default="line")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "accounts.logs.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "json": {"()": "accounts.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},  # a 404 is not news
        "httpx": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}
# Who may read /metrics: `Authorization: Bearer <this>`; "" = nobody, and there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# Where errors are reported to ("https://…@sentry.example/1"); "" = nowhere but the log.
SENTRY_DSN = env.str("SENTRY_DSN", default="")
# Where traces go, over OTLP ("http://collector.example:4318"); "" = nowhere. OpenTelemetry's other variables count too.
OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
# The very values that no line of the log may carry.
_SECRETS = [SECRET_KEY, MELTFLEX_API_KEY, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, METRICS_TOKEN]
_SECRETS += [env.str("S3_SECRET_ACCESS_KEY", default=""), databases.password_in(DATABASE_DIRECT_URL)]
_SECRETS += [*re.split("[,:]", SECRETS_KEYS), str(DATABASES["default"].get("PASSWORD", ""))]
_SECRETS += re.split("[,=]", env.str("OTEL_EXPORTER_OTLP_HEADERS", default=""))
logs.hide([*_SECRETS, str(vars().get("EMAIL_HOST_PASSWORD") or "")])
reporting.start(dsn=SENTRY_DSN, environment=ENVIRONMENT)
tracing.start(endpoint=OTLP_ENDPOINT, environment=ENVIRONMENT)
