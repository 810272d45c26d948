from django.urls import path

from pathways.api import views

urlpatterns = [
    path("pathways/", views.PathwayList.as_view(), name="pathways"),
    path("pathways/<uuid:uuid>/", views.PathwayDetail.as_view(), name="pathway"),
    path("pathways/<uuid:uuid>/milestones/", views.MilestoneList.as_view(), name="pathway-milestones"),
]
