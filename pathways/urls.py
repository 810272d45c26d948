from django.urls import path

from pathways import views

app_name = "pathways"

FILE = "parcours/<uuid:uuid>/"
STEP = f"{FILE}etapes/<uuid:step>/"
MILESTONE = f"{FILE}jalons/<uuid:milestone>/"
PAUSE = f"{FILE}pauses/<uuid:pause>/"
TARGET = "parcours-cibles/<uuid:site>/<slug:key>/"
DRAFT = f"{TARGET}brouillon/"
VERSION = f"{TARGET}versions/<int:number>/"
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
    path(f"{FILE}version/", views.pathway_move, name="move"),
    path(f"{FILE}changer/", views.pathway_switch, name="switch"),
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
    path("parcours-cibles/", views.target_list, name="targets"),
    path("parcours-cibles/nouveau/", views.target_new, name="target-new"),
    path(TARGET, views.target, name="target"),
    path(VERSION, views.target_version, name="target-version"),
    path(f"{VERSION}logigramme/", views.target_chart, name="target-chart"),
    path(f"{VERSION}fichier/", views.target_file, name="target-file"),
    path(DRAFT, views.draft, name="target-draft"),
    path(f"{DRAFT}commencer/", views.draft_start, name="target-draft-start"),
    path(f"{DRAFT}abandonner/", views.draft_drop, name="target-draft-drop"),
    path(f"{DRAFT}ordre/", views.draft_order, name="target-draft-order"),
    path(f"{DRAFT}en-tete/", views.draft_head, name="target-draft-head"),
    path(f"{DRAFT}repetition/", views.draft_rehearsal, name="target-rehearsal"),
    path(f"{DRAFT}repartir/", views.draft_rebase, name="target-draft-rebase"),
    path(f"{DRAFT}publier/", views.draft_publish, name="target-draft-publish"),
    path(f"{TARGET}passer/", views.move_many, name="target-move"),
    path(f"{DRAFT}apercu/", views.draft_preview, name="target-draft-preview"),
    path(f"{DRAFT}fichier/", views.draft_file, name="target-draft-file"),
    path(f"{DRAFT}importer/", views.draft_load, name="target-draft-load"),
    path(f"{DRAFT}ajouter-etape/", views.draft_step_add, name="target-draft-step-add"),
    path(f"{DRAFT}etapes/<slug:step>/", views.draft_step, name="target-draft-step"),
    path(f"{DRAFT}listes/<slug:part>/ajouter/", views.draft_entry_add, name="target-draft-entry-add"),
    path(f"{DRAFT}listes/<slug:part>/modifier/<slug:entry>/", views.draft_entry, name="target-draft-entry"),
    path("urgence/", views.break_glass, name="break-glass"),
]
