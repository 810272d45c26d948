from django.urls import path

from directory import views

app_name = "directory"

urlpatterns = [
    path("sans-role/", views.no_role, name="no-role"),
    path("courrier/", views.post, name="post"),
    path("courrier/<uuid:uuid>/", views.message, name="message"),
    path("acces/", views.accesses, name="accesses"),
    path("acces/<uuid:uuid>/avis/", views.review, name="review"),
]
