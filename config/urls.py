"""Every route of the application."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from config import views
from directory.styleguide import styleguide

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", views.home, name="home"),
    path("reconnecte/", views.signed_in, name="signed-in"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("accessibilite/", views.accessibility, name="accessibility"),
    path("compte/", include("allauth.urls")),
    path("administration/", admin.site.urls),
    path("", include("directory.urls")),
    path("", include("pathways.urls")),
    path("", include("coordination.urls")),
    path("", include("referrals.urls")),
    path("", include("rcp.urls")),
    path("api/", include("config.api")),
    path("api/schema", SpectacularAPIView.as_view(), name="api-schema"),
]

if settings.DEBUG:
    urlpatterns.append(path("styleguide/", styleguide, name="styleguide"))

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
