"""How an exam is obtained in time for a pathway, the conventions behind it, and their signed papers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import IO, Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from coordination.models import CommitmentFile, Convention, ExamType, PolicyMode, SlotPolicy
from coordination.perms import may_confirm
from coordination.rules.agreements import Span, common, runs_until
from directory.days import refuse_odd_days
from directory.errors import DomainError
from directory.inspection import FileRefusedError, inspect
from directory.models import Establishment, Membership, Role, Team, User
from directory.services import post
from pathways.models import Pathway, TargetPathway
from pathways.rules.durations import Duration
from pathways.rules.vocabulary import SlotMode
from pathways.services import calendar_of

MOST_FILES = 20


def policy_for(pathway: Pathway, exam_type: ExamType, on: date, platform: Team | None = None) -> SlotPolicy | None:
    """The policy in force on ``on`` for this pathway's target: that of ``platform``, else the first of dedicated,
    priority, partner. A partner's counts only while its convention runs and covers the exam."""
    rows = SlotPolicy.objects.serving(pathway, exam_type).in_force(on).with_list_data()
    if platform is not None:
        return rows.filter(platform=platform).first()
    order = list(PolicyMode.values)
    return min(rows, key=lambda each: (order.index(each.mode), each.pk), default=None)


def refuse_without_convention(*, pathway: Pathway, exam_type: ExamType, platform: Team, on: date) -> None:
    """A partner's slot is booked only while a convention runs on the day of the exam; raises DomainError (code
    ``no_convention``). A platform of the pathway's own establishment needs none."""
    if platform.establishment_id == pathway.team.establishment_id:
        return
    ours = SlotPolicy.objects.serving(pathway, exam_type).filter(platform=platform, mode=PolicyMode.PARTNER)
    if ours.exists() and not ours.in_force(on).exists():
        raise DomainError(
            f"La convention avec {platform.establishment} ne court pas le {on:%d/%m/%Y} pour cet examen.",
            code="no_convention",
        )


def without_convention(platform: Team, exam_type: ExamType, on: date) -> set[int]:
    """Keys of the targets that ``platform`` serves as a partner for that exam, but not on ``on``."""
    ours = SlotPolicy.objects.filter(platform=platform, exam_type=exam_type, mode=PolicyMode.PARTNER)
    running = set(ours.in_force(on).values_list("target", flat=True))
    return set(ours.values_list("target", flat=True)) - running


def refuse_unlent(
    *,
    platform: Team,
    exam_type: ExamType,
    targets: Iterable[TargetPathway],
    first: date,
    last: date | None,
    known: Collection[int] = (),
) -> None:
    """A series is kept for the target of another establishment by the convention that this one holds with the
    platform's, for an exam and on days that convention and policy cover (SLT-07, S15).

    ``known``: targets served already; they stay where no convention was ever written down. Raises DomainError (code
    ``no_convention``) naming the field.
    """
    if last is not None and last < first:
        return
    for target in targets:
        if target.establishment_id == platform.establishment_id:
            continue
        rows = SlotPolicy.objects.lending(platform).filter(target=target).select_related("convention")
        policies = list(rows.filter(exam_type=exam_type))
        if not policies and target.pk in known and not rows.exists():
            continue
        days = runs_until([each for policy in policies if (each := days_of(policy))], first)
        if days is None:
            raise DomainError(
                f"« {target.name} » est un parcours de {target.establishment} : aucune convention avec "
                f"{platform.establishment} ne court le {first:%d/%m/%Y} pour cet examen.",
                field="targets", code="no_convention",
            )  # fmt: skip
        if days[1] is not None and (last is None or last > days[1]):
            raise DomainError(
                f"La convention pour « {target.name} » court jusqu’au {days[1]:%d/%m/%Y} : donnez ce dernier jour au "
                "plus tard.",
                field="valid_until", code="no_convention",
            )  # fmt: skip


def days_of(policy: SlotPolicy) -> Span | None:
    """The days on which both a partner's policy and its convention run."""
    convention = policy.convention
    assert convention is not None  # the database keeps it
    return common((policy.valid_from, policy.valid_until), (convention.valid_from, convention.valid_until))


def refuse_no_partner(*, pathway: Pathway, exam_type: ExamType, platform: Team, on: date) -> None:
    """A partner is asked for an exam while its convention runs and covers it; raises DomainError (code
    ``no_convention``)."""
    ours = SlotPolicy.objects.lending(platform).serving(pathway, exam_type).in_force(on)
    if not ours.exists():
        raise DomainError(
            f"Aucune convention avec {platform.establishment} ne court le {on:%d/%m/%Y} pour cet examen.",
            field="addressed_to", code="no_convention",
        )  # fmt: skip


@transaction.atomic
def create_convention(
    *,
    reference: str,
    kind: str,
    holder: Establishment,
    partner: Establishment,
    exam_types: Iterable[ExamType],
    valid_from: date,
    valid_until: date | None = None,
    contact: str = "",
    note: str = "",
    remind_days: int = 90,
    uuid: UUID | None = None,
) -> Convention:
    """Writes a convention down; ``uuid``, the key of the form, makes it once. Raises DomainError naming the field."""
    if uuid and (known := Convention.objects.filter(uuid=uuid).first()):
        return known
    refuse_odd_days(valid_from=valid_from, valid_until=valid_until)
    covered = list(exam_types)
    if not covered:
        raise DomainError("Indiquez au moins un examen ou acte.", field="exam_types")
    convention = Convention(
        uuid=uuid or uuid4(), reference=reference.strip(), kind=kind, holder=holder, partner=partner,
        valid_from=valid_from, valid_until=valid_until, contact=contact.strip(), note=note.strip(),
        remind_days=remind_days,
    )  # fmt: skip
    save_agreement(convention)
    convention.exam_types.set(covered)
    if convention.awaits_partner:
        _tell_partner(convention)
    return convention


def _tell_partner(convention: Convention) -> None:
    """Somebody wrote down an agreement with them: they read it, and say whether it is right."""
    partner = convention.partner
    for email in _administrators(partner) or [partner.email] * bool(partner.email):
        post(
            recipient=email,
            establishment=partner,
            kind="convention_written",
            dedup_key=f"convention-written:{convention.uuid}:{email}",
            subject="Une convention avec votre établissement est écrite",
            body=(
                f"{convention.holder} a écrit la convention {convention.reference} avec votre établissement.\n"
                "Lisez-la et confirmez-la : vos praticiens ne peuvent être attendus chez lui qu’après.\n"
                f"{settings.BASE_URL}{reverse('coordination:convention', args=[convention.uuid])}\n"
            ),
        )


@transaction.atomic
def confirm_convention(*, convention: Convention, user: User, at: datetime | None = None) -> Convention:
    """The partner says that it is right: from now on its practitioners may be expected at the holder's. Again, changes
    nothing. Raises DomainError (code ``not_theirs``) for whoever does not speak for the partner."""
    if not may_confirm(user, convention):
        raise DomainError(f"{convention.partner} confirme cette convention.", code="not_theirs")
    Convention.objects.filter(pk=convention.pk, confirmed_at__isnull=True).update(
        confirmed_at=at or timezone.now(), confirmed_by=user
    )
    convention.refresh_from_db()
    return convention


@transaction.atomic
def decide_policy(
    *,
    exam_type: ExamType,
    target: TargetPathway,
    platform: Team,
    mode: str,
    valid_from: date,
    decided_on: date,
    decided_by: str,
    user: User | None,
    within: str = "",
    per_week: int | None = None,
    convention: Convention | None = None,
    valid_until: date | None = None,
    source: str = "",
    uuid: UUID | None = None,
) -> SlotPolicy:
    """Writes down how a platform serves a pathway for an exam. Raises DomainError naming the field: a delay that cannot
    be read, a partner without convention, a period that overlaps another."""
    if uuid and (known := SlotPolicy.objects.filter(uuid=uuid).first()):
        return known
    refuse_odd_days(valid_from=valid_from, valid_until=valid_until, decided_on=decided_on)
    if decided_on > timezone.localdate():
        raise DomainError("Une décision se note une fois prise.", field="decided_on")
    if within:
        try:
            Duration.parse(within)
        except ValueError as error:
            raise DomainError("Ce délai est illisible.", field="within") from error
    if convention is not None and convention.partner_id != platform.establishment_id:
        raise DomainError("Cette convention est avec un autre établissement que ce plateau.", field="convention")
    if mode == PolicyMode.PARTNER and convention is not None and convention.holder_id != target.establishment_id:
        raise DomainError("Cette convention est portée par un autre établissement que ce parcours.", field="convention")
    policy = SlotPolicy(
        uuid=uuid or uuid4(), exam_type=exam_type, target=target, platform=platform, mode=mode, within=within.strip(),
        per_week=per_week, convention=convention, valid_from=valid_from, valid_until=valid_until,
        decided_on=decided_on, decided_by=decided_by.strip(), entered_by=user, source=source[:200],
    )  # fmt: skip
    save_agreement(policy)
    return policy


def save_agreement(row: Any) -> None:
    """Saves, or raises DomainError with the message of the field or of the constraint."""
    if row.valid_until is not None and row.valid_until < row.valid_from:
        raise DomainError("La fin ne peut pas précéder le début.", field="valid_until")
    try:
        row.full_clean(exclude=["uuid", "entered_by"])
        with transaction.atomic():
            row.save()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError(messages[0], field=None if field == "__all__" else field) from error
    except IntegrityError as error:
        raise DomainError("Un collègue vient d’enregistrer la même chose.", code="taken") from error


def seed_policies(
    *, target: TargetPathway, platforms: dict[str, Team], valid_from: date, user: User | None
) -> list[SlotPolicy]:
    """What the target itself says of its slots, as policies: one for each slot type whose exam has a platform in
    ``platforms`` (exam code to team) and none yet. A partner's waits for a convention: it is left out."""
    version = target.current_version
    if version is None:
        return []
    made = []
    types = {each.code: each for each in ExamType.objects.filter(code__in=platforms)}
    for slot_type in version.content.slot_types:
        exam, platform = types.get(slot_type.key), platforms.get(slot_type.key)
        if exam is None or platform is None or slot_type.mode is SlotMode.PARTNER:
            continue
        known = SlotPolicy.objects.filter(target=target, exam_type=exam, platform=platform)
        if known.exists():
            continue
        made.append(
            decide_policy(
                exam_type=exam,
                target=target,
                platform=platform,
                mode=slot_type.mode,
                valid_from=valid_from,
                within=str(slot_type.within or ""),
                per_week=slot_type.per_week,
                decided_on=valid_from,
                decided_by="Parcours cible publié",
                user=user,
                source=slot_type.source,
            )
        )
    return made


def add_file(
    *, owner: Convention | SlotPolicy, name: str, source: IO[bytes], size: int | None = None, user: User
) -> CommitmentFile:
    """Keeps a signed paper once its content was inspected; the same one twice is kept once. Raises DomainError.

    The file is written before the row: a crash in between leaves a file nobody sees, never a row without its file.
    """
    about: dict[str, Any] = {"convention": owner} if isinstance(owner, Convention) else {"policy": owner}
    try:
        checked = inspect(name, source, size)
    except FileRefusedError as error:
        raise DomainError(str(error), field="file") from error
    kept = CommitmentFile.objects.filter(**about)
    if known := kept.filter(sha256=checked.sha256).first():
        return known
    if kept.count() >= MOST_FILES:
        raise DomainError(f"{MOST_FILES} pièces au plus.", field="file")
    row = CommitmentFile(
        **about, name=checked.name[:160], content_type=checked.content_type, size=checked.size,
        sha256=checked.sha256, added_by=user,
    )  # fmt: skip
    row.file.save(checked.name, ContentFile(checked.content), save=False)
    with transaction.atomic():
        row.save()
    return row


def remind_of_conventions(*, now: datetime) -> int:
    """Tells the administrators of the holder, once, that a convention ends soon; returns how many were told of.

    Without any, the mailbox of the holder is told; without either, the reminder waits for somebody to tell.
    """
    told = 0
    for row in Convention.objects.filter(valid_until__isnull=False, reminded_at__isnull=True).select_related("holder"):
        day = calendar_of(row.holder).local_date(now)
        assert row.valid_until is not None
        if not day <= row.valid_until <= day + timedelta(days=row.remind_days):
            continue
        recipients = _administrators(row.holder) or [row.holder.email] * bool(row.holder.email)
        if not recipients:
            continue
        with transaction.atomic():
            if not Convention.objects.filter(pk=row.pk, reminded_at__isnull=True).update(reminded_at=now):
                continue
            for email in recipients:
                post(
                    recipient=email,
                    establishment=row.holder,
                    kind="convention_ends",
                    dedup_key=f"convention-ends:{row.uuid}:{row.valid_until}:{email}",
                    subject="Une convention arrive à son terme",
                    body=(
                        f"La convention {row.reference} avec {row.partner} se termine le {row.valid_until:%d/%m/%Y}.\n"
                        "Après cette date, ses créneaux ne se réservent plus.\n"
                    ),
                )
            told += 1
    return told


def _administrators(place: Establishment) -> list[str]:
    rows = Membership.objects.current().filter(role=Role.ADMINISTRATOR, team__establishment=place, user__is_active=True)
    return sorted(set(rows.values_list("user__email", flat=True)))
