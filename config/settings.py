"""Settings, all from environment variables (listed in docs/operations.md)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import django_stubs_ext
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.logs import drop_identity

django_stubs_ext.monkeypatch()  # generic classes of Django take their model in brackets

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.flag("JALON_DEBUG")
DEMO = env.flag("JALON_DEMO")
SECRET_KEY = env.secret("JALON_SECRET_KEY")
if len(SECRET_KEY) < 32 and not DEBUG:
    raise ImproperlyConfigured("JALON_SECRET_KEY must be at least 32 characters long.")
SECRET_KEY_FALLBACKS = env.secret("JALON_SECRET_KEY_FALLBACKS", "").split()
BASE_URL = env.origin("JALON_BASE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env.hosts("JALON_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
SECURE = BASE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "directory",
    "pathways",
    "coordination",
    "referrals",
    "rcp",
    "config",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "directory.middleware.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "directory.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "directory.middleware.WholeQueryMiddleware",
    "directory.middleware.NotAllowedPageMiddleware",
    "directory.middleware.RedisAwayMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "directory.middleware.LocalTimeMiddleware",
    "directory.middleware.SecondFactorMiddleware",
    "directory.middleware.HistoryContextMiddleware",
    "directory.middleware.ReadOnlyGetMiddleware",
    "directory.middleware.PrivacyHeadersMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

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
                "directory.context.shell",
            ],
            "builtins": ["directory.templatetags.french"],
        },
    }
]

_database = env.database("JALON_DATABASE_URL")
DATABASES = {
    "default": _database
    | {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # A template that is migrated already saves each test process the migrations.
        "TEST": {
            "NAME": env.text("JALON_TEST_DB", "test_jalon"),
            "TEMPLATE": env.text("JALON_TEST_TEMPLATE", "") or None,
        },
        "OPTIONS": {"application_name": "jalon", **_database["OPTIONS"]},  # type: ignore[dict-item]
    }
}

REDIS_URL = env.redis("JALON_REDIS_URL")
# A Redis that does not answer is away: nobody's page waits for it longer than this.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    }
}

# --- Celery: ids only in arguments, nothing lost when a worker dies -------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "socket_timeout": 10, "socket_connect_timeout": 3}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
CELERY_TIMEZONE = "Europe/Paris"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- accounts -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "directory.User"
AUTHENTICATION_BACKENDS = ["directory.backends.AccountBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},  # CNIL, deliberation 2022-100: 12 characters with a second factor or throttling
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "directory.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "directory.adapters.SocialAccountAdapter"
MFA_ADAPTER = "directory.adapters.MFAAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are opened by an administrator, never by sign-up
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Jalon] "
REQUIRE_SECOND_FACTOR = env.flag("JALON_REQUIRE_SECOND_FACTOR", default=not (DEBUG or DEMO))
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = False
MFA_TOTP_ISSUER = "Jalon"
# A code read at the end of its thirty seconds, or on a phone a little slow, is good (RFC 6238, 5.2); and good once.
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "directory.second_factor.AuthenticateForm",
    "reauthenticate": "directory.second_factor.ReauthenticateForm",
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG or DEMO
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS: dict[str, object] = {}
PSC_CLIENT_ID = env.text("JALON_PSC_CLIENT_ID", "")
PSC_ORIGINS = env.origins(
    "JALON_PSC_ORIGINS"
)  # where the login form may end up: a browser applies form-action there too
if PSC_CLIENT_ID:
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["openid", "scope_all"],
            "AUTH_PARAMS": {"acr_values": "eidas1"},
            "APPS": [
                {
                    "provider_id": "pro-sante-connect",
                    "name": "Pro Santé Connect",
                    "client_id": PSC_CLIENT_ID,
                    "secret": env.secret("JALON_PSC_CLIENT_SECRET"),
                    "settings": {
                        "server_url": env.web_address("JALON_PSC_SERVER_URL"),
                        "uid_field": "SubjectNameID",
                        "token_auth_method": "client_secret_basic",
                    },
                }
            ],
        }
    }

# --- sessions, cookies, headers -------------------------------------------------------------------------------------
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # nothing of a patient in a cookie
SESSION_COOKIE_AGE = 10 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = SECURE
BEHIND_PROXY = env.flag("JALON_BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF, *PSC_ORIGINS],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# --- language and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"
FIRST_DAY_OF_WEEK = 1

# --- files ----------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = env.folder("JALON_STATIC_ROOT", BASE_DIR / ".jalon" / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
# Compressing is what takes time when files are collected: one copy of each, and no source maps.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("br", "gif", "gz", "jpeg", "jpg", "map", "png", "webp", "woff", "woff2", "zip")
MEDIA_ROOT = env.folder("JALON_MEDIA_ROOT", BASE_DIR / ".jalon" / "media")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "OPTIONS": {"file_permissions_mode": 0o644},  # uploads are 0600; these are for everyone
    },
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 60  # well above the ten a form keeps: beyond, Django drops all that was typed
FILE_UPLOAD_PERMISSIONS = 0o600

# --- post -----------------------------------------------------------------------------------------------------------
_mail = env.email("JALON_EMAIL_URL", f"file://{quote(str(BASE_DIR / '.jalon' / 'post'))}")
globals().update(_mail)
DEFAULT_FROM_EMAIL = env.mailbox("JALON_FROM_EMAIL", "Jalon <ne-pas-repondre@jalon.invalid>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ACCESSIBILITY_CONTACT = env.text("JALON_ACCESSIBILITY_CONTACT", "")

# --- history, API, forms --------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "directory.rest.WholeTextParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "config.api.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["directory.throttle.AccountThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min"},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Jalon",
    "DESCRIPTION": "Coordination des parcours de soins en cancérologie",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "PhaseEnum": "pathways.models.codes.PHASES",
        "MilestoneKindEnum": "pathways.rules.milestones.MilestoneKind.choices",
        "PathwayStatusEnum": "pathways.models.pathway.PathwayStatus.choices",
        "ChannelEnum": "coordination.models.Channel.choices",
    },
}
MIGRATION_LINTER_OPTIONS = {"no_cache": True}

# --- logs: JSON lines, without identity -----------------------------------------------------------------------------
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_USER_ID_FIELD = None  # reading the user would query the database in the middle of its own failure
LOG_LEVEL = env.choice("JALON_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                drop_identity,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
