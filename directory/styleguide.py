"""The style guide: every component with sample data, on one page (wired at /styleguide/ in development and tests)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone


class SampleForm(forms.Form):
    """One field of each kind."""

    birth_name = forms.CharField(label="Nom de naissance", max_length=80)
    birth_date = forms.DateField(
        label="Date de naissance",
        help_text="Par exemple 27/03/1955.",
        widget=forms.DateInput(attrs={"inputmode": "numeric", "placeholder": "JJ/MM/AAAA"}),
    )
    exam = forms.ChoiceField(
        label="Examen", choices=[("", "Choisir…"), ("ct", "Scanner"), ("mri", "IRM"), ("biopsy", "Biopsie")]
    )
    reason = forms.CharField(
        label="Motif", required=False, help_text="Une phrase suffit.", widget=forms.Textarea(attrs={"rows": 3})
    )
    urgency = forms.ChoiceField(
        label="Urgence",
        choices=[("48h", "Sous 48 heures ouvrées"), ("7d", "Sous 7 jours"), ("other", "Sans urgence")],
        widget=forms.RadioSelect,
    )
    signs = forms.MultipleChoiceField(
        label="Signes d’alerte",
        required=False,
        choices=[("jaundice", "Ictère"), ("weight", "Perte de poids"), ("pain", "Douleur")],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "j-choices-row"}),
    )
    documents = forms.FileField(label="Documents", required=False, help_text="PDF, JPEG ou PNG, 20 Mo au plus.")
    consent = forms.BooleanField(label="Le patient est informé de cette demande")


def sample_forms() -> dict[str, forms.Form]:
    """An empty form, and one sent with mistakes."""
    wrong = SampleForm(
        {"faux-birth_name": "", "faux-birth_date": "31/02/1955", "faux-exam": "ct", "faux-urgency": ""},
        prefix="faux",
    )
    return {"form": SampleForm(initial={"urgency": "48h"}), "wrong_form": wrong}


def sample_rows(now: datetime) -> list[dict[str, Any]]:
    """Rows of a worklist."""
    keys = ("name", "age", "pathway", "day", "target", "margin", "tone", "step", "owner", "contact", "why")
    liver = "Foie-Pancréas"
    samples = [
        ("MARCHAND Odile", 62, liver, 31, 28, -3, "late", "Compte rendu attendu", "Labo", 6, "Hors délai de 28 j"),
        ("BESSON Paul", 71, "FAST", 19, 28, 9, "neutral", "Aucune", "–", 9, "Pas de prochaine étape"),
        ("LEMOINE-CARRÉ Jeanne", 58, liver, 12, 28, 1, "soon", "Scanner", "Imagerie", 1, "Échéance demain"),
        ("THIBAULT André", 80, liver, 4, 28, 24, "ok", "RCP digestive", "Coordination", 0, "Dossier à compléter"),
    ]
    rows: list[dict[str, Any]] = [dict(zip(keys, sample, strict=True)) for sample in samples]
    for row in rows:
        row["contact"] = now - timedelta(days=row["contact"], hours=2)
    return rows


def sample_timeline() -> dict[str, Any]:
    """A pathway in every state, as pathways would prepare it."""
    x0, per_day = 240, 22
    states = [
        ("Première prise en charge", "Coordination", 0, 2, 2, "done", 1.5),
        ("Scanner", "Imagerie", 2, 5, 7, "done", 5),
        ("Biopsie", "Endoscopie", 5, 12, 10, "done_late", 12),
        ("Compte rendu de biopsie", "Laboratoire", 12, 19, 16, "late", 19),
        ("Consultation d’oncogériatrie", "À la demande du patient", 12, 22, 22, "paused", 22),
        ("RCP digestive", "Dr Sylvain Aubry", 19, 23, 23, "due", 23),
        ("Consultation d’annonce", "Hépatologie", 23, 28, 28, "projected", 28),
        ("TEP-scanner", "Sans objet", 19, 24, None, "skipped", 24),
    ]
    rows = [
        {
            "y": 68 + index * 38,
            "label": label,
            "sublabel": owner,
            "bar_x": x0 + start * per_day,
            "bar_width": (end - start) * per_day,
            "target_x": None if target is None else x0 + target * per_day,
            "state": state,
            "done_x": x0 + done * per_day,
            "title": f"{label}, {owner}",
            "href": "#timeline",
        }
        for index, (label, owner, start, end, target, state, done) in enumerate(states)
    ]
    axis: list[dict[str, Any]] = [
        {"x": x0 + 7 * week * per_day, "label": label, "weekend": None}
        for week, label in enumerate(("2 nov.", "9 nov.", "16 nov.", "23 nov.", "30 nov."))
    ]
    axis += [{"x": x0 + (7 * week + 5) * per_day, "label": "", "weekend": 2 * per_day} for week in range(4)]
    return {
        "width": 900,
        "height": 368,
        "x0": x0,
        "title": "Frise du parcours : 19 jours sur 28",
        "desc": "Deux étapes faites, une faite après l’objectif, une en retard, une en pause, trois à venir.",
        "axis": axis,
        "today_x": x0 + 19 * per_day,
        "rows": rows,
        "pauses": [{"x": x0 + 13 * per_day, "width": 3 * per_day, "label": "Pause"}],
    }


def sample_lists(now: datetime) -> dict[str, Any]:
    """Data for the small components."""
    return {
        "history": [
            {
                "title": "Scanner réalisé",
                "when": now - timedelta(days=1),
                "who": "Imagerie",
                "tone": "ok",
                "icon": "scan",
            },
            {
                "title": "Pause ouverte",
                "when": now - timedelta(days=4),
                "who": "Claire Vasseur",
                "tone": "paused",
                "text": "Le patient souhaite voir ses enfants avant la biopsie.",
            },
            {
                "title": "Demande reçue",
                "when": now - timedelta(days=9),
                "who": "Dr Hélène Roussel",
                "icon": "inbox",
            },
        ],
        "facts": [
            {"label": "Médecin traitant", "value": "Dr Hélène Roussel"},
            {"label": "Adressé le", "value": "lundi 2 novembre 2026"},
            {"label": "Motif", "value": "Masse hépatique découverte à l’échographie"},
            {"label": "Traducteur", "value": ""},
        ],
        "tabs": [
            {"label": "Parcours", "url": "#tabs", "icon": "timeline", "active": True},
            {"label": "Documents", "url": "#tabs", "icon": "file-text", "count": 4},
            {"label": "Historique", "url": "#tabs", "icon": "history", "count": 0},
        ],
        "crumbs": [{"label": "Patients", "url": "#"}, {"label": "MARCHAND Odile", "url": "#"}, {"label": "Biopsie"}],
        "patient": {
            "birth_name": "Marchand",
            "used_name": "Delmas",
            "first_names": "Odile Marie",
            "sex_label": "Féminin",
            "birth_date": (now - timedelta(days=22_800)).date(),
            "birth_place": "Sainte-Aubierge",
            "ins_label": "Qualifiée",
            "ins_tone": "ok",
            "file_number": "2026-004217",
            "phone": "+33639980142",
            "alerts": [
                {"text": "Anticoagulant en cours", "icon": "pill"},
                {"text": "Interprète : langue des signes", "icon": "language"},
            ],
        },
    }


@login_not_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component on one page; reads nothing from the database but the shell's own needs."""
    now = timezone.now()
    context = {
        **sample_forms(),
        **sample_lists(now),
        "now": now,
        "rows": sample_rows(now),
        "t": sample_timeline(),
        "page": Paginator(range(1, 213), 50).get_page(request.GET.get("page")),
        "steps": ["Vous", "Le patient", "Le motif", "Envoyer"],
        "tones": ["late", "soon", "ok", "info", "paused", "projected", "primary", "neutral"],
    }
    return render(request, "styleguide.html", context)
