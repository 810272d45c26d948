"""The application's routes plus the bare view the worklist is measured against."""

from django.urls import path

from config.urls import handler400, handler403, handler404, handler500  # noqa: F401
from config.urls import urlpatterns as application
from tests.bench.bare import fifty_rows, names_like

urlpatterns = [*application, path("bench/bare", fifty_rows), path("bench/search", names_like)]
