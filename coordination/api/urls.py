from django.urls import path

from coordination.api import requests, views

urlpatterns = [
    path("worklist/", views.Worklist.as_view(), name="worklist"),
    path("slots/free/", views.FreeSlots.as_view(), name="slots-free"),
    path("bookings/", views.Bookings.as_view(), name="bookings"),
    path("bookings/<uuid:uuid>/cancel/", views.BookingCancel.as_view(), name="booking-cancel"),
    path("bookings/<uuid:uuid>/move/", views.BookingMove.as_view(), name="booking-move"),
    path("waiting/", views.Waiting.as_view(), name="waiting"),
    path("waiting/<uuid:uuid>/leave/", views.WaitingLeave.as_view(), name="waiting-leave"),
    path("offers/<uuid:uuid>/answer/", views.OfferAnswered.as_view(), name="offer-answer"),
    path("exam-requests/", requests.ExamRequests.as_view(), name="exam-requests"),
    path("exam-requests/<uuid:uuid>/", requests.OneExamRequest.as_view(), name="exam-request"),
    path("exam-requests/<uuid:uuid>/propose/", requests.ExamRequestPropose.as_view(), name="exam-request-propose"),
    path("exam-requests/<uuid:uuid>/refuse/", requests.ExamRequestRefuse.as_view(), name="exam-request-refuse"),
    path("exam-requests/<uuid:uuid>/take-back/", requests.ExamRequestTakeBack.as_view(), name="exam-request-take-back"),
    path("exam-requests/<uuid:uuid>/done/", requests.ExamRequestDone.as_view(), name="exam-request-done"),
    path("exam-requests/<uuid:uuid>/confirm/", requests.ExamRequestConfirm.as_view(), name="exam-request-confirm"),
    path("exam-requests/<uuid:uuid>/decline/", requests.ExamRequestDecline.as_view(), name="exam-request-decline"),
    path("exam-requests/<uuid:uuid>/withdraw/", requests.ExamRequestWithdraw.as_view(), name="exam-request-withdraw"),
]
