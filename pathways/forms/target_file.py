"""The file of a target pathway."""

from __future__ import annotations

from typing import Any

from django import forms

MOST_BYTES = 400_000


class FileForm(forms.Form):
    """A YAML file, chosen or pasted: a pasted text is never lost by a fault."""

    file = forms.FileField(label="Fichier YAML", required=False)
    pasted = forms.CharField(
        label="Ou son contenu",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "class": "j-mono", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if file is not None and file.size > MOST_BYTES:
            self.add_error("file", "Ce fichier dépasse 400 Ko : ce n’est pas un parcours cible.")
        elif file is not None:
            try:
                data["text"] = file.read().decode("utf-8")
            except UnicodeDecodeError:
                self.add_error("file", "Ce fichier n’est pas un texte en UTF-8.")
        elif data.get("pasted", "").strip():
            data["text"] = data["pasted"]
        else:
            self.add_error("file", "Choisissez un fichier, ou collez son contenu.")
        return data


class PublishForm(forms.Form):
    """Why a version changes."""

    reason = forms.CharField(
        label="Pourquoi cette version",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Gardé avec la version et votre nom ; ceux qui suivent les patients le liront.",
    )
