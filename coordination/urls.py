from django.urls import path

from coordination import views
from coordination.views import acts, covers, new_task, saved_views, tasks

app_name = "coordination"

urlpatterns = [
    path("journee/", views.worklist, name="worklist"),
    path("journee/lot/", acts.act, name="act"),
    path("journee/lot/<uuid:uuid>/annuler/", acts.act_undo, name="act-undo"),
    path("journee/vues/", saved_views.saved_views, name="saved-views"),
    path("journee/vues/<uuid:uuid>/supprimer/", saved_views.saved_view_delete, name="saved-view-delete"),
    path("journee/vues/<uuid:uuid>/arrivee/", saved_views.saved_view_default, name="saved-view-default"),
    path("taches/", tasks.tasks, name="tasks"),
    path("taches/nouvelle/", new_task.new, name="task-new"),
    path("taches/<uuid:uuid>/", tasks.task, name="task"),
    path("taches/<uuid:uuid>/prendre/", tasks.claim, name="task-claim"),
    path("taches/<uuid:uuid>/rendre/", tasks.give_back, name="task-give-back"),
    path("taches/<uuid:uuid>/confier/", tasks.give, name="task-give"),
    path("taches/<uuid:uuid>/faite/", tasks.complete, name="task-complete"),
    path("taches/<uuid:uuid>/annuler/", tasks.cancel, name="task-cancel"),
    path("taches/points/<uuid:uuid>/", tasks.tick, name="task-tick"),
    path("taches/recurrentes/<uuid:uuid>/pause/", tasks.series_pause, name="series-pause"),
    path("taches/recurrentes/<uuid:uuid>/reprendre/", tasks.series_resume, name="series-resume"),
    path("taches/recurrentes/<uuid:uuid>/arreter/", tasks.series_stop, name="series-stop"),
    path("absences/", covers.covers, name="covers"),
    path("absences/nouvelle/", covers.new, name="cover-new"),
    path("absences/<uuid:uuid>/", covers.cover, name="cover"),
    path("absences/<uuid:uuid>/fiches/", covers.briefs, name="briefs"),
    path("absences/<uuid:uuid>/fiches.pdf", covers.briefs_pdf, name="briefs-pdf"),
    path("absences/<uuid:uuid>/retour/", covers.back, name="cover-back"),
    path("absences/<uuid:uuid>/date/", covers.extend, name="cover-extend"),
    path("absences/<uuid:uuid>/lu/", covers.read, name="cover-read"),
    path("creneaux/", views.slots, name="slots"),
    path("creneaux/<uuid:uuid>/", views.slot, name="slot"),
    path("plateau/", views.platform, name="platform"),
    path("reservations/<uuid:uuid>/realise/", views.done, name="booking-done"),
    path("reservations/<uuid:uuid>/manque/", views.missed, name="booking-missed"),
    path("reservations/<uuid:uuid>/retablir/", views.undo, name="booking-undo"),
    path("reservations/<uuid:uuid>/annuler/", views.cancel, name="booking-cancel"),
    path("parcours/<uuid:uuid>/reserver/", views.book, name="book"),
    path("parcours/<uuid:uuid>/contact/", views.contact, name="contact"),
    path("parcours/<uuid:uuid>/taches/", new_task.add, name="task-add"),
    path("parcours/<uuid:uuid>/coordination/", views.pathway_panel, name="pathway-panel"),
    path("parcours/<uuid:uuid>/informations/", views.notices, name="notices"),
    path("parcours/<uuid:uuid>/informations/envoyer/", views.send_notices, name="notices-send"),
]
