"""Binds ``schema.graphql`` to the resolvers, and refuses a schema that they do not fit."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from graphql import GraphQLObjectType, GraphQLScalarType, GraphQLSchema, build_schema

from .jobs import Execution, Job
from .resolvers import FIELDS, SCALARS, TriggerResult

SDL = Path(__file__).with_name("schema.graphql")

# The classes whose attributes answer a type's fields where no resolver does.
VALUES: Mapping[str, type] = {"Job": Job, "JobExecution": Execution, "TriggerJobResult": TriggerResult}


class SchemaError(Exception):
    """A field without a resolver, or a resolver without a field."""


def load_schema() -> GraphQLSchema:
    """The executable schema. Raises SchemaError."""
    return bind(build_schema(SDL.read_text()), FIELDS, SCALARS)


def bind(
    schema: GraphQLSchema, resolvers: Mapping[str, Callable[..., Any]], scalars: Mapping[str, Callable[[Any], Any]]
) -> GraphQLSchema:
    unused = set(resolvers)
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLScalarType) and type_.name in scalars:
            type_.coerce_output_value = scalars[type_.name]
        elif isinstance(type_, GraphQLObjectType):
            unused -= bind_fields(type_, resolvers)
    if unused:
        raise SchemaError(f"No field of schema.graphql is answered by the resolvers of {', '.join(sorted(unused))}.")
    return schema


def bind_fields(type_: GraphQLObjectType, resolvers: Mapping[str, Callable[..., Any]]) -> set[str]:
    """Gives each field of the type its resolver; returns those that were taken."""
    attributes = {field.name for field in fields(VALUES[type_.name])} if type_.name in VALUES else set()
    taken = set()
    for name, field in type_.fields.items():
        for argument_name, argument in field.args.items():
            argument.out_name = snake_case(argument_name)
        if resolver := resolvers.get(f"{type_.name}.{name}"):
            field.resolve = resolver
            taken.add(f"{type_.name}.{name}")
        elif snake_case(name) in attributes:
            field.resolve = attribute(snake_case(name))
        else:
            raise SchemaError(f"Nothing answers the field {type_.name}.{name} of schema.graphql.")
    return taken


def attribute(name: str) -> Callable[..., Any]:
    return lambda value, _info: getattr(value, name)


def snake_case(name: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", name).lower()
