"""The keys of ``roster-sync.toml`` with their defaults and what they may hold.

Level 2, under ``sync.config``. Keys that only one kind of target has stand in the
model of that kind, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    StrictInt,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from sync.config.nearest import did_you_mean
from sync.config.values import FOLDER, Days, Duration, Table
from sync.errors import UsageError
from sync.model.entities import (
    ENTITIES,
    GRADES,
    METADATA_PREFIX,
    PEOPLE,
    REFERENCE,
    SYNCED,
    USER_ROLES,
    Entity,
)

if TYPE_CHECKING:
    from sync.config.notify import Mail, Webhook

Policy = Literal["keep", "inactive", "tobedeleted", "delete"]
"""What removing a record of an entity means, as far as the kind can."""

Memory = Literal["normal", "low"]
"""How much of it a run may take: with ``low`` all but the smallest frames lie on the
disk, and large tables are worked on in slices."""

_ROLE_COLUMNS = ("role", "roleType", "roleOrgSourcedId", "roles")
_MOST_AT_ONCE = 1000
_ENTITIES = (*REFERENCE, *SYNCED)


def _positive(value: timedelta) -> timedelta:
    if not value:
        message = "must be longer than nothing"
        raise ValueError(message)
    return value


def _known_entity(value: Any) -> Any:
    if isinstance(value, str) and value not in _ENTITIES:
        message = f"no such entity{did_you_mean(value, _ENTITIES)}"
        raise ValueError(message)
    return value


PositiveDuration = Annotated[Duration, AfterValidator(_positive)]
AnyEntity = Annotated[Entity, BeforeValidator(_known_entity)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]
EVERYTHING = ("*",)


def _star_at_the_end(value: str) -> str:
    if "*" in value[:-1]:
        message = "a * stands at the end of a value only"
        raise ValueError(message)
    return value


Pattern = Annotated[Text, AfterValidator(_star_at_the_end)]
Patterns = Annotated[tuple[Pattern, ...], Field(min_length=1)]
"""Values of which one must be met; ``*`` at the end of one stands for any rest."""


class Limits(Table):
    """Ceilings of pace for each host, and patience with it."""

    requests_per_second: Annotated[Number, Field(gt=0, le=_MOST_AT_ONCE)] = 20
    burst: Annotated[StrictInt, Field(ge=1, le=_MOST_AT_ONCE)] = 1
    """In any second at most rate + burst."""
    concurrency: Annotated[StrictInt, Field(ge=1, le=_MOST_AT_ONCE)] = 16
    timeout: PositiveDuration = timedelta(seconds=30)
    retries: Annotated[StrictInt, Field(ge=0, le=100)] = 5


class Removal(Table):
    """Which remote records are ended, how, and when not."""

    students: Policy = "inactive"
    users: Policy = "keep"
    agents: Policy = "delete"
    enrollments: Policy = "inactive"
    academicSessions: Policy = "keep"
    courses: Policy = "keep"
    classes: Policy = "keep"
    scope: Literal["ledger", "orgs"] = "ledger"
    orgs: tuple[Text, ...] = ()
    """The sourcedIds of the orgs whose records are ours, with scope ``orgs``."""
    grace: Annotated[StrictInt, Field(ge=1, le=1000)] = 1
    """So many good drops in a row must lack a record before it is removed."""
    additions_only: tuple[Days, ...] = ()

    def policy(self, entity: Entity) -> Policy:
        """What removing means there; orgs are always kept."""
        if entity is Entity.ORGS or entity.value not in type(self).model_fields:
            return "keep"
        policy: Policy = getattr(self, entity.value)
        return policy

    @model_validator(mode="after")
    def _orgs_go_with_their_scope(self) -> Self:
        if self.scope == "orgs" and not self.orgs:
            message = 'scope = "orgs" needs orgs = ["…"], the sourcedIds of the orgs'
            raise ValueError(message)
        if self.scope != "orgs" and self.orgs:
            message = 'orgs has an effect with scope = "orgs" only'
            raise ValueError(message)
        return self


class Select(Table):
    """What of a drop is for this target; a value may end with ``*``."""

    orgs: Patterns = EVERYTHING
    """Schools by sourcedId: of people, and of enrollments."""
    grades: Patterns = EVERYTHING
    """Of students; staff is not asked."""
    roles: Patterns = EVERYTHING
    """Of people, students having the role student."""
    classes: Patterns = EVERYTHING
    """Of enrollments."""
    courses: Patterns = EVERYTHING
    """Of enrollments, which have the course of their class."""

    @field_validator("grades")
    @classmethod
    def _known_grades(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_spelled(one, _grade_forms(), "grade") for one in values)

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        forms = {role.casefold(): role for role in USER_ROLES}
        return tuple(
            one if one.startswith("ext:") else _spelled(one, forms, "role")
            for one in values
        )

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return all(
            EVERYTHING[0] in getattr(self, name) for name in type(self).model_fields
        )


def _grade_forms() -> dict[str, str]:
    """How a grade may be written, as in a drop -> its code."""
    plain = {grade.casefold(): grade for grade in GRADES} | {"k": "KG"}
    return plain | {str(number): f"{number:02d}" for number in range(1, 14)}


def _spelled(value: str, forms: Mapping[str, str], what: str) -> str:
    """The value as rosters spell it; one with a ``*`` stays as it is."""
    if value.endswith("*"):
        return value
    known = forms.get(value.casefold())
    if known is None:
        message = f'"{value}" is no {what}{did_you_mean(value, set(forms.values()))}'
        raise ValueError(message)
    return known


class Fields(Table):
    """What may happen to single fields."""

    blank: Literal["clear", "keep"] = "clear"
    """What an empty cell of a present column means."""
    protect: tuple[str, ...] = ()
    """``entity.column``: never overwritten once the target holds a value. The
    columns of a role are protected as the one field that is compared, ``roles``."""

    @field_validator("protect")
    @classmethod
    def _compared_columns(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted({_compared_column(name) for name in names}))

    def protected(self, entity: Entity) -> frozenset[str]:
        """The protected columns of that entity."""
        pairs = (name.split(".", 1) for name in self.protect)
        return frozenset(column for table, column in pairs if table == entity)


def _compared_column(name: str) -> str:
    table, _, column = name.partition(".")
    if table not in set(_ENTITIES):
        message = f'"{name}" names no table{did_you_mean(table, _ENTITIES)}'
        raise ValueError(message)
    entity = Entity(table)
    if column in ENTITIES[entity].key:
        message = f'"{name}" is the key of its table and never overwritten anyway'
        raise ValueError(message)
    if entity in PEOPLE and column in _ROLE_COLUMNS:
        return f"{table}.roles"
    known = ENTITIES[entity].names
    if column not in known and not column.startswith(METADATA_PREFIX):
        message = f'"{name}" names no column{did_you_mean(column, known)}'
        raise ValueError(message)
    return name


def _either_is_enough(schema: dict[str, Any]) -> None:
    """Each guard has its own default share, which the class cannot know."""
    schema.pop("required", None)
    schema["minProperties"] = 1


class Threshold(Table):
    """A share, a number, or both: more than either trips the guard."""

    model_config = ConfigDict(json_schema_extra=_either_is_enough)

    percent: Annotated[Number, Field(ge=0, le=100)]
    count: Annotated[StrictInt, Field(ge=0)] | None = None


def _share(percent: float) -> Any:
    """A guard's key: the share is its default wherever only a count is given."""

    def with_the_share(value: Any) -> Any:
        if isinstance(value, dict) and value:
            return {"percent": percent} | value
        if isinstance(value, Threshold):
            return value
        message = f"must be {{ percent = {percent:g} }}, {{ count = N }} or both"
        raise ValueError(message)

    return BeforeValidator(with_the_share)


class Guards(Table):
    """Limits on harm: one that trips holds the whole plan."""

    removals: Annotated[Threshold, _share(5)] = Threshold(percent=5)
    creates: Annotated[Threshold, _share(50)] = Threshold(percent=50)
    updates: Annotated[Threshold, _share(50)] = Threshold(percent=50)
    cleared: Annotated[Threshold, _share(2)] = Threshold(percent=2)
    rejected: Annotated[Threshold, _share(5)] = Threshold(percent=5)
    shrink: Annotated[Threshold, _share(20)] = Threshold(percent=20)
    by: tuple[Literal["school", "role"], ...] = ("school", "role")
    by_percent: Annotated[Number, Field(ge=0, le=100)] = 25
    floor: Annotated[StrictInt, Field(ge=0)] = 20
    first_run: Literal["hold", "pass"] = "hold"


class TargetTable(Table):
    """The keys that every kind of target has."""

    kind: str
    entities: Annotated[
        tuple[AnyEntity, ...],
        WithJsonSchema({"type": "array", "items": {"enum": list(_ENTITIES)}}),
    ] = SYNCED
    """What is synced, of what the kind writes (see ``KindKeys.entities``)."""
    mapping: Text | None = None
    """The name of a shipped mapping, or the path of a mapping file."""
    source: Text | None = None
    require: tuple[AnyEntity, ...] = ()
    """Entities without which a drop is refused."""
    full_read_every: Duration = timedelta(days=7)
    """For how long reading what has changed since is enough, where the system can
    say that."""
    settle: Duration = timedelta(seconds=30)
    """How long what was written may take to show."""
    complete: str = ""
    """The name of a sentinel file, such as ``*.done``, without which a drop is not
    read; blank for none."""
    same_username: Literal["reject", "warn"] = "reject"
    select: Select = Select()
    limits: Limits = Limits()
    removal: Removal = Removal()
    fields: Fields = Fields()
    guards: Guards = Guards()

    @field_validator("entities")
    @classmethod
    def _some_in_order(cls, entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
        if not entities:
            message = f"is empty; known are {', '.join(SYNCED)}"
            raise ValueError(message)
        return tuple(entity for entity in _ENTITIES if entity in entities)

    @field_validator("complete")
    @classmethod
    def _a_name(cls, complete: str) -> str:
        if "/" in complete or "\\" in complete:
            message = "must be the name of a file, without folders"
            raise ValueError(message)
        return complete.strip()

    @field_validator("mapping")
    @classmethod
    def _mapping_file(cls, mapping: str | None, info: ValidationInfo) -> str | None:
        if mapping is None or not ("/" in mapping or mapping.endswith(".toml")):
            return mapping
        folder = (info.context or {}).get(FOLDER, Path())
        return str(folder / Path(mapping).expanduser())


class TargetConfig(TargetTable):
    """One configured target.

    ``settings`` is an instance of the kind's own model with all keys of the target's
    table that are not common to every kind.
    """

    name: str
    settings: SerializeAsAny[BaseModel]


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration, checked; secrets are references (``SecretRef``)."""

    path: Path
    state_dir: Path
    """Absolute."""
    plan_valid: timedelta
    timezone: ZoneInfo
    """Whose "today" decides on begin and end dates."""
    targets: Mapping[str, TargetConfig]
    memory: Memory = "normal"
    notify: Mapping[str, Mail | Webhook] = field(default_factory=dict)
    """Who is told how a run ended."""
    metrics: Path | None = None
    """Where Prometheus is told; absolute."""

    def target(self, name: str) -> TargetConfig:
        """The target of that name. Raises ``UsageError`` with the nearest one."""
        if name not in self.targets:
            near = did_you_mean(name, self.targets)
            message = f'{self.path} has no target "{name}"{near}'
            raise UsageError(message)
        return self.targets[name]
