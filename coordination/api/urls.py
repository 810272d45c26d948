from django.urls import path

from coordination.api import views

urlpatterns = [
    path("worklist/", views.Worklist.as_view(), name="worklist"),
    path("slots/free/", views.FreeSlots.as_view(), name="slots-free"),
    path("bookings/", views.Bookings.as_view(), name="bookings"),
    path("bookings/<uuid:uuid>/cancel/", views.BookingCancel.as_view(), name="booking-cancel"),
    path("bookings/<uuid:uuid>/move/", views.BookingMove.as_view(), name="booking-move"),
    path("waiting/", views.Waiting.as_view(), name="waiting"),
    path("waiting/<uuid:uuid>/leave/", views.WaitingLeave.as_view(), name="waiting-leave"),
    path("offers/<uuid:uuid>/answer/", views.OfferAnswered.as_view(), name="offer-answer"),
]
