"""Binds ``schema.graphql`` to the resolvers, and refuses a schema that they do not fit."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from graphql import GraphQLObjectType, GraphQLScalarType, GraphQLSchema, build_schema, is_specified_scalar_type

from .jobs.catalogue import Job, Preview
from .jobs.executions import Execution, Figures
from .resolvers import FIELDS, SCALARS, Result, TriggerResult

SDL = Path(__file__).with_name("schema.graphql")

# The classes whose attributes answer a type's fields where no resolver does.
VALUES: Mapping[str, type] = {
    "Job": Job,
    "JobPreview": Preview,
    "JobStats": Figures,
    "JobExecution": Execution,
    "TriggerJobResult": TriggerResult,
    "JobResult": Result,
}

Resolvers = Mapping[str, Callable[..., Any]]
Scalars = Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]


class SchemaError(Exception):
    """A field without a resolver, or a resolver without a field."""


def load_schema() -> GraphQLSchema:
    """The executable schema. Raises SchemaError."""
    return bind(build_schema(SDL.read_text()), FIELDS, SCALARS)


def bind(schema: GraphQLSchema, resolvers: Resolvers, scalars: Scalars) -> GraphQLSchema:
    unused = {*resolvers, *scalars}
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLScalarType) and not is_specified_scalar_type(type_):
            if type_.name not in scalars:
                raise SchemaError(f"Nothing converts the scalar {type_.name} of schema.graphql.")
            type_.coerce_output_value, type_.coerce_input_value = scalars[type_.name]
            unused.discard(type_.name)
        elif isinstance(type_, GraphQLObjectType):
            unused -= bind_fields(type_, resolvers, type_ is schema.subscription_type)
    if unused:
        raise SchemaError(f"Nothing in schema.graphql is answered by the resolvers of {', '.join(sorted(unused))}.")
    return schema


def bind_fields(type_: GraphQLObjectType, resolvers: Resolvers, is_subscription: bool) -> set[str]:
    """Gives each field of the type its resolver; returns those that were taken."""
    attributes = {field.name for field in fields(VALUES[type_.name])} if type_.name in VALUES else set()
    taken = set()
    for name, field in type_.fields.items():
        for argument_name, argument in field.args.items():
            argument.out_name = snake_case(argument_name)
        if resolver := resolvers.get(f"{type_.name}.{name}"):
            if is_subscription:
                field.subscribe, field.resolve = resolver, event
            else:
                field.resolve = resolver
            taken.add(f"{type_.name}.{name}")
        elif snake_case(name) in attributes:
            field.resolve = attribute(snake_case(name))
        else:
            raise SchemaError(f"Nothing answers the field {type_.name}.{name} of schema.graphql.")
    return taken


def event(value: Any, _info: Any, **_arguments: Any) -> Any:
    """Of a subscription each event is already the field's value."""
    return value


def attribute(name: str) -> Callable[..., Any]:
    return lambda value, _info: getattr(value, name)


def snake_case(name: str) -> str:
    """``durationP50`` is ``duration_p50``, ``failuresInARow`` is ``failures_in_a_row``."""
    return re.sub(r"(?=[A-Z])", "_", name).lower()
