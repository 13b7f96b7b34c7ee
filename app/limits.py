"""How much a document may ask for. It is measured before the standard validation, which is itself what a hostile
document would make slow."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    Node,
    SelectionSetNode,
    VariableNode,
    Visitor,
    visit,
)

MAX_DEPTH = 15  # fields within fields; the introspection query of GraphQL's own tools has 13
MAX_ALIASES = 30
MAX_ROOT_FIELDS = 20
MAX_DIRECTIVES = 20
MAX_COST = 25_000

# A field costs 1. These cost more, as the database has more to do for them.
COSTS = {"preview": 500, "stats": 50, "triggerJob": 100, "__schema": 5000, "__type": 500}
LISTS = {"availableJobs": 10}  # how often what is in them is to be counted; jobLogs has a limit of its own
DEFAULT_LIMIT = 100

Variables = Mapping[str, Any]


def check(document: DocumentNode) -> bool:
    """Raises GraphQLError where a document asks for too much; returns whether its cost depends on its variables."""
    counts = Counts()
    visit(document, counts)
    measure = Measure(document, {})
    for what, found, most in (
        ("aliases", counts.aliases, MAX_ALIASES),
        ("directives", counts.directives, MAX_DIRECTIVES),
        ("levels of fields", measure.depth, MAX_DEPTH),
        ("fields at the root", measure.root_fields, MAX_ROOT_FIELDS),
    ):
        if found > most:
            raise too_much(f"The document has {found} {what}: {most} are allowed.")
    if not measure.is_variable:
        check_cost(measure)
    return measure.is_variable


def check_cost(measure: "Measure") -> None:
    """Raises GraphQLError where a document with its variables costs too much."""
    if measure.cost > MAX_COST:
        raise too_much(
            f"The document costs {measure.cost}: {MAX_COST} is allowed. Ask for fewer rows or fields at a time."
        )


def too_much(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "TOO_MUCH"})


class Counts(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.aliases = 0
        self.directives = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.aliases += node.alias is not None

    def enter_directive(self, _node: Node, *_: Any) -> None:
        self.directives += 1


class Measure:
    """A document's depth, root fields and cost, of all its operations together, with fragments where they are spread.

    ``variables``: their values as they will be executed; one that has none stands for a field's own default.
    Each fragment is measured once, so fragments within fragments take no time. One within itself counts nothing:
    the standard validation refuses it.
    """

    def __init__(self, document: DocumentNode, variables: Variables) -> None:
        self._variables = variables
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, tuple[int, int, int]] = {}
        self.depth = self.root_fields = self.cost = 0
        self.is_variable = False
        for node in document.definitions:
            selection_set = getattr(node, "selection_set", None)
            if isinstance(selection_set, SelectionSetNode) and not isinstance(node, FragmentDefinitionNode):
                depth, fields, cost = self._of(selection_set)
                self.depth = max(self.depth, depth)
                self.root_fields += fields
                self.cost += cost

    def _of(self, selection_set: SelectionSetNode | None) -> tuple[int, int, int]:
        """The depth below, the number of fields on this level, and the cost."""
        depth = fields = cost = 0
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode):
                below, _, cost_below = self._of(selection.selection_set)
                name = selection.name.value
                found = below + 1, 1, COSTS.get(name, 1) + self._rows(selection) * cost_below
            elif isinstance(selection, FragmentSpreadNode):
                found = self._fragment(selection.name.value)
            else:
                found = self._of(getattr(selection, "selection_set", None))
            depth, fields, cost = max(depth, found[0]), fields + found[1], cost + found[2]
        return depth, fields, cost

    def _fragment(self, name: str) -> tuple[int, int, int]:
        if name not in self._measured:
            self._measured[name] = 0, 0, 0
            fragment = self._fragments.get(name)
            self._measured[name] = self._of(fragment.selection_set if fragment else None)
        return self._measured[name]

    def _rows(self, field: FieldNode) -> int:
        if field.name.value != "jobLogs":
            return LISTS.get(field.name.value, 1)
        for argument in field.arguments or ():
            if argument.name.value == "limit":
                if isinstance(argument.value, IntValueNode):
                    return as_rows(argument.value.value)
                if isinstance(argument.value, VariableNode):
                    self.is_variable = True
                    value = self._variables.get(argument.value.name.value)
                    return max(1, value) if isinstance(value, int) else DEFAULT_LIMIT
        return DEFAULT_LIMIT


def as_rows(literal: str) -> int:
    # Python refuses to read a number of thousands of digits.
    return MAX_COST if len(literal) > 10 else max(1, int(literal))
