from django.urls import path

from coordination import views
from coordination.views import acts, gp, saved_views, tasks

app_name = "coordination"

urlpatterns = [
    path("journee/", views.worklist, name="worklist"),
    path("journee/lot/", acts.act, name="act"),
    path("journee/lot/<uuid:uuid>/annuler/", acts.act_undo, name="act-undo"),
    path("journee/vues/", saved_views.saved_views, name="saved-views"),
    path("journee/vues/<uuid:uuid>/supprimer/", saved_views.saved_view_delete, name="saved-view-delete"),
    path("journee/vues/<uuid:uuid>/arrivee/", saved_views.saved_view_default, name="saved-view-default"),
    path("taches/", tasks.tasks, name="tasks"),
    path("taches/<uuid:uuid>/prendre/", tasks.claim, name="task-claim"),
    path("taches/<uuid:uuid>/rendre/", tasks.give_back, name="task-give-back"),
    path("taches/<uuid:uuid>/faite/", tasks.complete, name="task-complete"),
    path("taches/<uuid:uuid>/annuler/", tasks.cancel, name="task-cancel"),
    path("creneaux/", views.slots, name="slots"),
    path("creneaux/<uuid:uuid>/", views.slot, name="slot"),
    path("plateau/", views.platform, name="platform"),
    path("reservations/<uuid:uuid>/realise/", views.done, name="booking-done"),
    path("reservations/<uuid:uuid>/manque/", views.missed, name="booking-missed"),
    path("reservations/<uuid:uuid>/retablir/", views.undo, name="booking-undo"),
    path("reservations/<uuid:uuid>/annuler/", views.cancel, name="booking-cancel"),
    path("parcours/<uuid:uuid>/reserver/", views.book, name="book"),
    path("parcours/<uuid:uuid>/contact/", views.contact, name="contact"),
    path("parcours/<uuid:uuid>/taches/", tasks.add, name="task-add"),
    path("parcours/<uuid:uuid>/coordination/", views.pathway_panel, name="pathway-panel"),
    path("informations/", gp.notices_inbox, name="notices-inbox"),
    path("informations/<uuid:uuid>/", gp.notice, name="notice"),
    path("informations/<uuid:uuid>/envoyer/", gp.notice_send, name="notice-send"),
    path("informations/<uuid:uuid>/ecarter/", gp.notice_drop, name="notice-drop"),
    path("informations/<uuid:uuid>/renvoyer/", gp.notice_again, name="notice-again"),
    path("information/<str:token>/", gp.letter, name="letter"),
    path("parcours/<uuid:uuid>/informations/", views.notices, name="notices"),
    path("parcours/<uuid:uuid>/informations/envoyer/", views.send_notices, name="notices-send"),
]
