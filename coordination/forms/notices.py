"""What is told to the GP."""

from __future__ import annotations

from django import forms

from coordination.services.notice_post import LONGEST_WORDS


class NoticeWordsForm(forms.Form):
    """What the GP will read behind the link."""

    words = forms.CharField(
        label="Texte de la lettre",
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Lu derrière le lien seulement : le courriel ne change pas.",
        error_messages={"required": "Écrivez ce que le médecin doit lire."},
    )
