"""A new patient: strict traits, matricule, look-alikes before a second file, one pathway, all or nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.models import AccessLog
from pathways import services
from pathways.models import Milestone, Pathway, Patient, TargetPathway
from tests.factories import PathwayFactory, PatientFactory, ProfessionalFactory, TargetFactory, TeamFactory
from tests.pathways.pages import field_errors, soup, value_of, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db

URL = "/parcours/nouveau/"
MATRICULE = "2 79 03 51 215 189 89"
TEST_OID = "1.2.250.1.213.1.4.10"


@pytest.fixture
def target(scene: Scene) -> TargetPathway:
    return TargetFactory(team=scene.team)


def form(chosen: TargetPathway, /, **changes: Any) -> dict[str, Any]:
    return {
        "birth_name": "Essai-Neuf",
        "first_name": "Camille",
        "birth_date": "1979-03-28",
        "sex": "F",
        "identity_status": "PROV",
        "target": chosen.pk,
        "received_on": timezone.localdate().isoformat(),
        "suspicion": "Ictère nu depuis huit jours",
        **changes,
    }


def test_the_file_and_its_pathway_are_made_together(scene: Scene, target: TargetPathway) -> None:
    gp = ProfessionalFactory(gp=True, last_name="Besson-Fictif", rpps="10000000002")
    data = form(target, gp="Besson-Fictif", owner=scene.coordinator.pk)
    response = scene.client().post(URL, data)
    pathway = Pathway.objects.get()
    assert response["Location"] == reverse("pathways:detail", args=[pathway.uuid])
    patient = pathway.patient
    assert (patient.birth_name, patient.gp, patient.establishment) == ("Essai-Neuf", gp, scene.team.establishment)
    assert patient.file_number.startswith("P-")
    assert (pathway.owner, pathway.suspicion) == (scene.coordinator, "Ictère nu depuis huit jours")
    assert Milestone.objects.get().kind == "referral_received"
    assert pathway.next_step is not None
    assert pathway.circle.get().professional == gp


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"birth_name": ""}, "obligatoire"),
        ({"birth_date": "2999-01-01"}, "futur"),
        ({"birth_date": "31/02/1980"}, "comme 23/11/2026"),
        ({"sex": ""}, "obligatoire"),
        ({"birth_place_code": "7500"}, "5 caractères"),
        ({"ins_matricule": "123", "ins_oid": TEST_OID, "identity_status": "RECUP"}, "15 caractères"),
        ({"ins_matricule": "279035121518988", "ins_oid": TEST_OID, "identity_status": "RECUP"}, "clé"),
        ({"ins_matricule": "000000000000097", "ins_oid": TEST_OID, "identity_status": "RECUP"}, "impossible"),
        ({"ins_matricule": MATRICULE, "identity_status": "RECUP"}, "domaine"),
        ({"ins_oid": TEST_OID}, "matricule"),
        ({"identity_status": "QUAL"}, "téléservice INSi"),
        ({"ins_matricule": MATRICULE, "ins_oid": TEST_OID}, "récupérée"),
        ({"ins_matricule": MATRICULE, "ins_oid": TEST_OID, "identity_status": "QUAL"}, "code du lieu de naissance"),
        ({"gp": "Docteur Personne"}, "Aucun médecin de ville"),
        ({"received_on": "2999-01-01"}, "futur"),
        ({"target": "999999"}, "choix"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    scene: Scene, target: TargetPathway, changes: dict[str, Any], said: str
) -> None:
    response = scene.client().post(URL, form(target, **changes))
    assert response.status_code == 422
    assert said in field_errors(response), field_errors(response)
    assert value_of(response, "first_name") == "Camille"
    assert value_of(response, "suspicion") == "Ictère nu depuis huit jours"
    for name, value in changes.items():
        if name not in ("target", "sex"):
            assert value_of(response, name) == value
    assert not Patient.objects.exists()
    assert not Pathway.objects.exists()


def test_a_qualified_identity_is_kept_whole(scene: Scene, target: TargetPathway) -> None:
    data = form(
        target, ins_matricule=MATRICULE, ins_oid=TEST_OID, identity_status="QUAL", birth_place_code="51215"
    )  # fmt: skip
    scene.client().post(URL, data)
    patient = Patient.objects.get()
    assert (patient.ins_matricule, patient.identity_status) == ("279035121518989", "QUAL")
    page = words(scene.client().get(reverse("pathways:detail", args=[Pathway.objects.get().uuid])))
    assert "Qualifiée 279035121518989" in page


def test_the_matricule_stays_hidden_until_qualified(scene: Scene, target: TargetPathway) -> None:
    scene.client().post(URL, form(target, ins_matricule=MATRICULE, ins_oid=TEST_OID, identity_status="RECUP"))
    page = scene.client().get(reverse("pathways:detail", args=[Pathway.objects.get().uuid]))
    assert "279035121518989" not in page.content.decode()


def test_two_gps_of_one_name_are_told_apart(scene: Scene, target: TargetPathway) -> None:
    ProfessionalFactory(gp=True, last_name="Martin", first_name="Anne", rpps="10000000003", city="Valbrune")
    wanted = ProfessionalFactory(gp=True, last_name="Martin", first_name="Luc", rpps="10000000004")
    refused = scene.client().post(URL, form(target, gp="Martin"))
    assert "Plusieurs médecins" in field_errors(refused)
    assert "10000000003" in field_errors(refused)
    scene.client().post(URL, form(target, gp="Luc Martin, 10000000004"))
    assert Patient.objects.get().gp == wanted
    options = soup(scene.client().get("/parcours/nouveau/medecins/", {"gp": "martin"})).select("option")
    assert [option["value"] for option in options] == [
        "Anne Martin, Valbrune, 10000000003",
        "Luc Martin, 10000000004",
    ]


# --- look-alikes ----------------------------------------------------------------------------------------------------
@pytest.fixture
def known(scene: Scene) -> Patient:
    return PatientFactory(
        establishment=scene.team.establishment,
        birth_name="Essai-Neuf",
        first_name="Camille",
        birth_date=date(1979, 3, 28),
    )


@pytest.mark.parametrize("typed", [{}, {"birth_name": "ESSAI NEUF"}, {"first_name": "Camile"}])
def test_look_alikes_are_shown_before_a_file_is_made(
    scene: Scene, target: TargetPathway, known: Patient, typed: dict[str, str]
) -> None:
    response = scene.client().post(URL, form(target, **typed))
    assert response.status_code == 422
    assert "Ce patient existe peut-être déjà" in words(response)
    assert known.file_number in words(response)
    assert Patient.objects.count() == 1
    seen = value_of(response, "seen")
    assert seen == str(known.uuid)
    scene.client().post(URL, form(target, seen=seen, other_person="on", **typed))
    assert Patient.objects.count() == 2


def test_saying_it_is_another_person_unseen_is_not_enough(scene: Scene, target: TargetPathway, known: Patient) -> None:
    response = scene.client().post(URL, form(target, other_person="on"))
    assert response.status_code == 422
    assert Patient.objects.count() == 1


def test_look_alikes_while_typing_write_nothing_and_put_no_name_in_an_address(
    scene: Scene, target: TargetPathway, known: Patient
) -> None:
    url, client = reverse("pathways:look-alikes"), scene.client()
    assert known.file_number in words(client.post(url, form(target)))
    assert words(client.post(url, form(target, birth_name="Toutautre", birth_date="1990-01-01"))) == ""
    assert scene.client().get(url).status_code == 405
    assert Patient.objects.count() == 1


def test_people_of_other_places_are_not_shown(scene: Scene, target: TargetPathway) -> None:
    PatientFactory(birth_name="Essai-Neuf", first_name="Camille", birth_date=date(1979, 3, 28))
    scene.client().post(URL, form(target))
    assert Pathway.objects.count() == 1


def test_the_known_person_gets_a_pathway_instead(scene: Scene, target: TargetPathway, known: Patient) -> None:
    url = reverse("pathways:open", args=[known.uuid])
    assert "ESSAI-NEUF" in words(scene.client().get(url))
    assert AccessLog.objects.get().patient_uuid == known.uuid
    data = {"target": target.pk, "received_on": timezone.localdate().isoformat()}
    scene.client().post(url, data)
    assert Pathway.objects.get().patient == known
    again = scene.client().post(url, data)
    assert again.status_code == 422
    assert "suit déjà ce parcours" in words(again)


# --- who ------------------------------------------------------------------------------------------------------------
def test_who_opens_a_file(scene: Scene, target: TargetPathway, known: Patient, client: Any) -> None:
    opening = reverse("pathways:open", args=[known.uuid])
    for user, status in ((scene.secretary, 200), (scene.physician, 403), (scene.gp, 403), (scene.quality, 403)):
        assert scene.client(user).get(URL).status_code == status
        assert scene.client(user).get(opening).status_code == status
    assert scene.client(scene.stranger).get(opening).status_code == 404
    assert client.get(URL)["Location"].startswith(reverse("account_login"))


def test_only_the_pathways_of_ones_own_desk_are_offered(scene: Scene, target: TargetPathway) -> None:
    other = TargetFactory(team=TeamFactory(establishment=scene.team.establishment), key="fast")
    options = soup(scene.client().get(URL)).select("#id_target option")
    assert {option["value"] for option in options} == {"", str(target.pk)}
    assert scene.client().post(URL, form(other)).status_code == 422


# --- editing --------------------------------------------------------------------------------------------------------
def edited(scene: Scene, patient: Patient, **changes: Any) -> Any:
    pathway = patient.pathways.get()
    url = reverse("pathways:patient-edit", args=[pathway.uuid])
    page = scene.client().get(url)
    names = [node["name"] for node in soup(page).select("#main [name]") if node["name"] != "csrfmiddlewaretoken"]
    data = {name: value_of(page, name) for name in names}
    return scene.client().post(url, {**data, **changes})


@pytest.fixture
def qualified(scene: Scene) -> Patient:
    pathway = PathwayFactory(team=scene.team, birth_name="Essai", first_name="Dominique", birth_date=date(1979, 3, 28))
    return services.update_patient(
        patient=pathway.patient,
        ins_matricule="279035121518989",
        ins_oid=TEST_OID,
        birth_place_code="51215",
        identity_status="QUAL",
    )


def test_a_phone_number_changes_nothing_of_the_identity(scene: Scene, qualified: Patient) -> None:
    assert edited(scene, qualified, phone="0611223344").status_code == 302
    qualified.refresh_from_db()
    assert (qualified.phone, qualified.identity_status) == ("0611223344", "QUAL")
    assert qualified.ins_matricule == "279035121518989"


def test_a_strict_trait_changed_by_hand_loses_the_qualification(scene: Scene, qualified: Patient) -> None:
    edited(scene, qualified, first_name="Dominic")
    qualified.refresh_from_db()
    assert (qualified.first_name, qualified.identity_status, qualified.ins_matricule) == ("Dominic", "PROV", "")


def test_a_refused_edit_keeps_what_was_typed(scene: Scene, qualified: Patient) -> None:
    response = edited(scene, qualified, city="Valbrune", ins_matricule="12")
    assert response.status_code == 422
    assert "15 caractères" in field_errors(response)
    assert value_of(response, "city") == "Valbrune"
    PatientFactory(establishment=scene.team.establishment, file_number="P-PRIS")
    taken = edited(scene, qualified, file_number="P-PRIS")
    assert "déjà utilisé" in words(taken)
