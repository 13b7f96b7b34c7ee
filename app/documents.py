"""GraphQL documents: parsed, limited and validated once, kept for the next time, and executed."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FormattedExecutionResult,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    execute,
    get_operation_ast,
    get_variable_values,
    parse,
    print_ast,
    specified_rules,
    strip_ignored_characters,
    subscribe,
    validate,
)

from . import limits
from .errors import JobsError
from .logs import request_id
from .request import RequestContext

Answers = AsyncGenerator[FormattedExecutionResult, None]

logger = logging.getLogger(__name__)

MAX_TOKENS = 1000
MAX_ERRORS = 5
MAX_TEXT = 1000  # characters
KEPT = 256


class RequestError(Exception):
    """The document cannot be executed: it does not parse, does not fit the schema, or asks for too much."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that may be executed, with the request's variables."""

    document: DocumentNode
    node: OperationDefinitionNode
    variables: dict[str, Any] | None

    @property
    def type(self) -> OperationType:
        return self.node.operation

    @property
    def text(self) -> str:
        """As it was sent, without the layout, and with its variables: what a log can hold of it."""
        used = {node.variable.name.value for node in self.node.variable_definitions or ()}
        variables = {name: value for name, value in (self.variables or {}).items() if name in used}
        text = strip_ignored_characters(print_ast(self.node))
        return f"{text} {variables}"[:MAX_TEXT] if variables else text[:MAX_TEXT]

    @property
    def name(self) -> str | None:
        return self.node.name.value if self.node.name else None


class Documents:
    """``introspection``: whether the schema may be asked for, and a misspelt field answered with a suggestion."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool = True) -> None:
        self._schema = schema
        self._hide = not introspection
        self._rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        self._valid = lru_cache(maxsize=KEPT)(self._validated)  # which keeps no exception

    def operation(self, query: str, variables: dict[str, Any] | None, operation_name: str | None) -> Operation:
        """The operation that is meant. Raises RequestError."""
        document, cost_is_variable = self._valid(query)
        node = get_operation_ast(document, operation_name)
        if node is None:
            meant = f'no operation "{operation_name}"' if operation_name else "several operations, or none"
            raise RequestError([GraphQLError(f"The document has {meant}: name the one to execute in operationName.")])
        if cost_is_variable:
            try:
                limits.check_cost(limits.Measure(document, self._values(node, variables)))
            except GraphQLError as error:
                raise RequestError([error]) from error
        return Operation(document, node, variables)

    async def execute(self, operation: Operation, context: RequestContext) -> FormattedExecutionResult:
        """The answer of a query or a mutation. Raises RequestError where the variables do not fit."""
        result = execute(self._schema, **self._arguments(operation, context))
        if not isinstance(result, ExecutionResult):
            result = await result
        if result.data is None and result.errors and all(error.path is None for error in result.errors):
            raise RequestError(result.errors)
        return answer(result)

    async def subscribe(self, operation: Operation, context: RequestContext) -> Answers:
        """The answers of a subscription, as they come. Raises RequestError before the first."""
        results = await as_awaited(subscribe(self._schema, **self._arguments(operation, context)))
        if isinstance(results, ExecutionResult):
            raise RequestError([presentable(error) for error in results.errors or []])
        return answers(results)

    def _values(self, node: OperationDefinitionNode, variables: dict[str, Any] | None) -> dict[str, Any]:
        """The variables as they will be executed: of their types, and with this operation's defaults."""
        values = get_variable_values(
            self._schema, node.variable_definitions or (), variables or {}, MAX_ERRORS, hide_suggestions=self._hide
        )
        if isinstance(values, list):
            raise RequestError(values)
        return values.coerced

    def _arguments(self, operation: Operation, context: RequestContext) -> dict[str, Any]:
        return {
            "document": operation.document,
            "context_value": context,
            "variable_values": operation.variables,
            "operation_name": operation.name,
            "hide_suggestions": self._hide,
        }

    def _validated(self, query: str) -> tuple[DocumentNode, bool]:
        try:
            document = parse(query, max_tokens=MAX_TOKENS)
            cost_is_variable = limits.check(document)
        except RecursionError:
            raise RequestError([limits.too_much("The document is nested too deeply.")]) from None
        except GraphQLError as error:
            raise RequestError([error]) from error
        errors = validate(self._schema, document, self._rules, max_errors=MAX_ERRORS, hide_suggestions=self._hide)
        if errors:
            raise RequestError(errors)
        return document, cost_is_variable


async def answers(results: AsyncGenerator[ExecutionResult, None]) -> Answers:
    async with aclosing(results):
        try:
            async for result in results:
                yield answer(result)
        except Exception as error:
            yield {"data": None, "errors": [presentable(located(error)).formatted]}


def located(error: Exception) -> GraphQLError:
    return GraphQLError(f"{error}", original_error=error)


async def as_awaited(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value


def answer(result: ExecutionResult) -> FormattedExecutionResult:
    return ExecutionResult(result.data, [presentable(error) for error in result.errors or []] or None).formatted


def presentable(error: GraphQLError) -> GraphQLError:
    """Our own errors say their sentence; of any other the caller learns only where the server's log has more."""
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        return error
    if isinstance(original, JobsError):
        return GraphQLError(f"{original}", nodes=error.nodes, path=error.path, extensions={"code": original.code})
    logger.error("Internal error at %s", error.path, exc_info=original)
    return GraphQLError(
        f"Internal error. The server's log says more, at request {request_id.get()}.",
        nodes=error.nodes,
        path=error.path,
        extensions={"code": JobsError.code, "requestId": request_id.get()},
    )
