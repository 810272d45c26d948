from django.urls import path

from rcp import views

app_name = "rcp"

urlpatterns = [
    path("parcours/<uuid:uuid>/rcp/", views.register, name="register"),
    path("parcours/<uuid:uuid>/rcp/seances/", views.panel, name="panel"),
    path("rcp/", views.sessions, name="sessions"),
    path("rcp/suites/", views.follow_up, name="follow-up"),
    path("rcp/suites/<uuid:uuid>/faite/", views.execute, name="execute"),
    path("rcp/suites/<uuid:uuid>/non-suivie/", views.deviate, name="deviate"),
    path("rcp/suites/<uuid:uuid>/rouvrir/", views.reopen, name="reopen"),
    path("rcp/avis/<str:token>/", views.letter, name="letter"),
    path("rcp/dossier/<uuid:uuid>/", views.case, name="case"),
    path("rcp/dossier/<uuid:uuid>/preparer/", views.prepare, name="prepare"),
    path("rcp/dossier/<uuid:uuid>/avis/", views.decide, name="decide"),
    path("rcp/dossier/<uuid:uuid>/corriger/", views.correct, name="correct"),
    path("rcp/dossier/<uuid:uuid>/ordre/", views.move, name="move"),
    path("rcp/dossier/<uuid:uuid>/circuit/", views.stream, name="stream"),
    path("rcp/dossier/<uuid:uuid>/absence/", views.absence, name="absence"),
    path("rcp/dossier/<uuid:uuid>/reporter/", views.postpone, name="postpone"),
    path("rcp/dossier/<uuid:uuid>/retirer/", views.withdraw, name="withdraw"),
    path("rcp/dossier/<uuid:uuid>/fiche/", views.sheet, name="sheet"),
    path("rcp/dossier/<uuid:uuid>/lettre/", views.paper, name="paper"),
    path("rcp/dossier/<uuid:uuid>/transmis/", views.sent, name="sent"),
    path("rcp/<uuid:uuid>/", views.session, name="session"),
    path("rcp/<uuid:uuid>/presences/", views.attend, name="attend"),
    path("rcp/<uuid:uuid>/professionnels/", views.professionals, name="professionals"),
    path("rcp/<uuid:uuid>/quorum/", views.review_quorum, name="review-quorum"),
    path("rcp/<uuid:uuid>/clore/", views.close, name="close"),
    path("rcp/<uuid:uuid>/annuler/", views.cancel, name="cancel"),
]
