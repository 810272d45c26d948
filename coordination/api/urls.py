from django.urls import path

from coordination.api import views

urlpatterns = [
    path("worklist/", views.Worklist.as_view(), name="worklist"),
    path("slots/free/", views.FreeSlots.as_view(), name="slots-free"),
    path("bookings/", views.Bookings.as_view(), name="bookings"),
]
