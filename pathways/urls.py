from django.urls import path

from pathways import views

app_name = "pathways"

FILE = "parcours/<uuid:uuid>/"
STEP = f"{FILE}etapes/<uuid:step>/"
MILESTONE = f"{FILE}jalons/<uuid:milestone>/"
PAUSE = f"{FILE}pauses/<uuid:pause>/"
DOCUMENT = "documents/<uuid:uuid>/"

urlpatterns = [
    path("parcours/", views.pathway_list, name="list"),
    path("parcours/trouver/", views.find, name="find"),
    path("parcours/nouveau/", views.new, name="new"),
    path("parcours/nouveau/homonymes/", views.look_alikes, name="look-alikes"),
    path("parcours/nouveau/medecins/", views.gp_options, name="gp-options"),
    path("patients/<uuid:uuid>/parcours/", views.open_pathway, name="open"),
    path(FILE, views.detail, name="detail"),
    path(f"{FILE}synthese/", views.summary, name="summary"),
    path(f"{FILE}historique/", views.history, name="history"),
    path(f"{FILE}identite/", views.edit, name="patient-edit"),
    path(f"{FILE}confier/", views.pathway_assign, name="assign"),
    path(f"{FILE}clore/", views.pathway_close, name="close"),
    path(f"{FILE}rouvrir/", views.pathway_reopen, name="reopen"),
    path(f"{FILE}lien/", views.pathway_link, name="link"),
    path(f"{FILE}retards/<slug:phase>/", views.delay_cause, name="delay-cause"),
    path(f"{FILE}causes/<uuid:cause>/retirer/", views.delay_cause_withdraw, name="delay-cause-withdraw"),
    path(f"{FILE}jalons/ajouter/", views.milestone_add, name="milestone-add"),
    path(f"{MILESTONE}corriger/", views.milestone_correct, name="milestone-correct"),
    path(f"{MILESTONE}retirer/", views.milestone_withdraw, name="milestone-withdraw"),
    path(f"{STEP}faite/", views.step_done, name="step-done"),
    path(f"{STEP}ecarter/", views.step_skip, name="step-skip"),
    path(f"{STEP}reprendre/", views.step_restore, name="step-restore"),
    path(f"{STEP}confier/", views.step_assign, name="step-assign"),
    path(f"{FILE}pauses/ajouter/", views.pause_add, name="pause-add"),
    path(f"{PAUSE}terminer/", views.pause_end, name="pause-end"),
    path(f"{PAUSE}annuler/", views.pause_cancel, name="pause-cancel"),
    path(f"{FILE}cercle/ajouter/", views.circle_add, name="circle-add"),
    path(f"{FILE}cercle/<uuid:professional>/<slug:role>/retirer/", views.circle_remove, name="circle-remove"),
    path(f"{FILE}pps/", views.pps_request, name="pps"),
    path(DOCUMENT, views.document, name="document"),
    path(f"{DOCUMENT}etat/", views.document_status, name="document-status"),
    path(f"{DOCUMENT}reessayer/", views.document_retry, name="document-retry"),
    path(f"{DOCUMENT}remis/", views.document_given, name="document-given"),
    path("alertes/", views.alert_list, name="alerts"),
    path("alertes/courriels/", views.alert_preferences, name="alert-preferences"),
    path("alertes/<uuid:uuid>/vue/", views.alert_acknowledge, name="alert-acknowledge"),
    path("urgence/", views.break_glass, name="break-glass"),
]
