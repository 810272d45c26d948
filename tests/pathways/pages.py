"""Reading pages in tests."""

from __future__ import annotations

import re
from typing import Any

from bs4 import BeautifulSoup, Tag


def soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def words(node: Any) -> str:
    """The text of a response or of an element, every kind of space made one."""
    if not isinstance(node, Tag):
        node = soup(node)
    return re.sub(r"\s+", " ", node.get_text(" ").replace("\N{NO-BREAK SPACE}", " ")).strip()


def field_errors(response: Any) -> str:
    """The words shown next to the fields of a refused form."""
    return " ".join(words(node) for node in soup(response).select(".j-errors"))


def value_of(response: Any, name: str) -> str:
    """What a field still holds."""
    node = soup(response).select_one(f"[name={name}]")
    assert node is not None, name
    if node.name == "textarea":
        return node.get_text().strip()
    if node.name == "select":
        chosen = node.select_one("option[selected]")
        return str(chosen["value"]) if chosen else ""
    if node.get("type") == "radio":
        checked = soup(response).select_one(f"[name={name}][checked]")
        return str(checked["value"]) if checked else ""
    return str(node.get("value", ""))
