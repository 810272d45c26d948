from django.urls import path

from referrals import views

app_name = "referrals"

urlpatterns = [
    # Without account
    path("demande/", views.new, name="new"),
    path("demande/<slug:slug>/", views.new, name="new"),
    path("demande/envoyee/<str:token>/", views.receipt, name="receipt"),
    path("suivi/<str:token>/", views.follow, name="follow"),
    path("parcours/<slug:slug>/presentation/", views.sheet, name="sheet"),
    # Desk
    path("demandes/", views.inbox, name="inbox"),
    path("demandes/saisir/", views.enter, name="enter"),
    path("demandes/saisir/demandeurs/", views.requesters, name="requesters"),
    path("demandes/<uuid:uuid>/", views.detail, name="detail"),
    path("demandes/<uuid:uuid>/accepter/", views.accept, name="accept"),
    path("demandes/<uuid:uuid>/completer/", views.ask, name="ask"),
    path("demandes/<uuid:uuid>/refuser/", views.refuse, name="refuse"),
    path("demandes/<uuid:uuid>/reorienter/", views.redirect, name="redirect"),
    path("demandes/<uuid:uuid>/lien/", views.link, name="link"),
    path("demandes/<uuid:uuid>/lu/", views.read, name="read"),
    path("demandes/<uuid:uuid>/pieces/<uuid:document>/", views.document, name="document"),
]
