"""Identity numbers: the reference vectors, and each way of being wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.rules.identity import (
    INS_NIR_OID,
    INS_NIR_TEST_OID,
    INS_OIDS,
    IdentityAttribute,
    IdentityStatus,
    Problem,
    Severity,
    check_birth_place,
    check_finess,
    check_identity,
    check_matricule,
    check_rpps,
    identity_status,
    ins_key,
    may_transmit_ins,
    normalise,
)

INS = [
    ("2790351215189", "89"),  # the test patient of the national agency (test OID)
    ("253072A073004", "43"),
    ("253072B073004", "70"),
    ("2951099126111", "93"),  # born abroad
    ("7790351215189", "33"),  # provisional numbers
    ("8790351215189", "80"),
    ("2790351215084", "97"),  # a remainder of zero
]


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


@pytest.mark.parametrize(("base", "key"), INS)
def test_good_matricules(base: str, key: str) -> None:
    assert check_matricule(base + key) == []
    assert check_matricule(f"{base[:1]} {base[1:3]} {base[3:5]} {base[5:].lower()} {key}") == []
    assert ins_key(base) == key


@pytest.mark.parametrize(
    ("matricule", "code"),
    [
        ("279035121518988", "ins_key"),
        ("253072C07300443", "ins_format"),
        ("27903512151898", "ins_length"),
        ("2790351215189 9", "ins_length"),
        ("", "ins_length"),
        ("000000000000097", "ins_format"),  # which the library alone accepts
        ("579035121518989", "ins_format"),
        ("279135121518989", "ins_format"),  # month 13
        ("279005121518989", "ins_format"),  # month 00
        ("27903A121518989", "ins_letter"),
        ("2790351A1518989", "ins_letter"),
        ("253072A07300470", "ins_key"),  # the key of 2B
        ("２７９０３５１２１５１８９８９", "ins_format"),  # full-width digits
    ],
)
def test_wrong_matricules(matricule: str, code: str) -> None:
    [problem] = check_matricule(matricule)
    assert problem.code == code and problem.blocking
    assert problem.message.endswith(".")


@pytest.mark.parametrize("month", ["01", "12", "20", "62", "99"])
def test_unknown_months_have_codes_of_their_own(month: str) -> None:
    base = f"279{month}51215189"
    assert check_matricule(base + ins_key(base)) == []


@given(
    st.from_regex(r"\A[12][0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[1-8][0-9])[0-9]{6}\Z"), st.integers(0, 12), st.integers(1, 9)
)
def test_the_key_sees_any_single_wrong_digit(base: str, place: int, shift: int) -> None:
    key = ins_key(base)
    wrong = base[:place] + str((int(base[place]) + shift) % 10) + base[place + 1 :]
    assert check_matricule(base + key) == []
    assert check_matricule(wrong + key) != []


@pytest.mark.parametrize("base", ["", "279035121518", "2790351215189A", "27903512151A9", "253072C073004"])
def test_no_key_for_a_malformed_base(base: str) -> None:
    with pytest.raises(ValueError, match="mal formés"):
        ins_key(base)


@pytest.mark.parametrize("number", ["99700218896", "99700366240", "99700245667", "99700427885", "01234567897"])
def test_good_rpps(number: str) -> None:
    assert check_rpps(number) == []


@pytest.mark.parametrize("number", ["10001288385", "10101288385"])
def test_an_rpps_with_a_wrong_key_only_warns(number: str) -> None:
    """Official examples have one."""
    [problem] = check_rpps(number)
    assert (problem.code, problem.severity, problem.blocking) == ("rpps_key", Severity.WARNING, False)


@pytest.mark.parametrize("number", ["", "9970021889", "997002188960", "9970021889A", "９９７００２１８８９６"])
def test_a_malformed_rpps_is_refused(number: str) -> None:
    assert codes(check_rpps(number)) == ["rpps_format"]


@pytest.mark.parametrize("number", ["750712184", "690781810", "750100125", "010003820", "2A0000014", "2b0000020"])
def test_good_finess(number: str) -> None:
    assert check_finess(number) == []


def test_a_finess_with_a_wrong_key_only_warns() -> None:
    [problem] = check_finess("123456789")
    assert (problem.code, problem.blocking) == ("finess_key", False)


@pytest.mark.parametrize("number", ["", "75071218", "7507121840", "2C0000014", "A50712184"])
def test_a_malformed_finess_is_refused(number: str) -> None:
    assert codes(check_finess(number)) == ["finess_format"]


@pytest.mark.parametrize("code", ["51215", "2A004", "2b033", "97411", "99351", "99999", "01001", "20004"])
def test_good_birth_places(code: str) -> None:
    assert check_birth_place(code) == []


@pytest.mark.parametrize("code", ["", "5121", "512150", "00001", "51000", "2C004", "A1215", "Reims"])
def test_wrong_birth_places(code: str) -> None:
    assert codes(check_birth_place(code)) == ["birth_place_format"]


def test_normalise() -> None:
    assert normalise(" 2 53 07 2a-073.004 43 ") == "253072A07300443"


@pytest.mark.parametrize(
    ("from_insi", "checked", "status"),
    [
        (False, False, IdentityStatus.PROVISIONAL),
        (False, True, IdentityStatus.VALIDATED),
        (True, False, IdentityStatus.RETRIEVED),
        (True, True, IdentityStatus.QUALIFIED),
    ],
)
def test_the_status_matrix(from_insi: bool, checked: bool, status: IdentityStatus) -> None:
    assert identity_status(from_insi=from_insi, checked=checked) is status
    assert identity_status(from_insi=from_insi, checked=checked, attributes=[IdentityAttribute.HOMONYM]) is status
    for attribute in (IdentityAttribute.DOUBTFUL, IdentityAttribute.FICTITIOUS):
        found = identity_status(from_insi=from_insi, checked=checked, attributes=[attribute])
        assert found is IdentityStatus.PROVISIONAL
    assert may_transmit_ins(status) == (from_insi and checked)


MATRICULE = "279035121518989"


@pytest.mark.parametrize(
    ("status", "attributes", "matricule", "oid", "expected"),
    [
        (IdentityStatus.QUALIFIED, [], MATRICULE, INS_NIR_TEST_OID, []),
        (IdentityStatus.RETRIEVED, [], MATRICULE, INS_NIR_OID, []),
        (IdentityStatus.VALIDATED, [], "", "", []),
        (IdentityStatus.PROVISIONAL, [IdentityAttribute.FICTITIOUS], "", "", []),
        (IdentityStatus.QUALIFIED, [IdentityAttribute.DOUBTFUL], MATRICULE, INS_NIR_OID, ["status_attribute"]),
        (IdentityStatus.VALIDATED, [IdentityAttribute.FICTITIOUS], "", "", ["status_attribute"]),
        (IdentityStatus.RETRIEVED, [], "", "", ["status_without_ins"]),
        (IdentityStatus.VALIDATED, [], MATRICULE, INS_NIR_OID, ["ins_without_status"]),
        (IdentityStatus.QUALIFIED, [], MATRICULE, "1.2.3", ["oid_unknown"]),
        (IdentityStatus.QUALIFIED, [], "279035121518988", INS_NIR_OID, ["ins_key"]),
    ],
)
def test_status_attributes_and_matricule_go_together(
    status: IdentityStatus, attributes: list[IdentityAttribute], matricule: str, oid: str, expected: list[str]
) -> None:
    assert codes(check_identity(status, attributes, matricule, oid)) == expected


def test_the_test_domain_is_known() -> None:
    assert INS_NIR_TEST_OID == "1.2.250.1.213.1.4.10"
    assert INS_NIR_TEST_OID in INS_OIDS
    assert all(status.label for status in IdentityStatus)
