"""Exact parts of a change: what each term of a sum or factor of a product gave to it.

Every rule here gives a multiplier m for each child, so that the parent's change is the sum of
m × the child's change, to the last digit that floating point holds. Multipliers chain: what a
grandchild gave is its own part of the child's change times the child's multiplier, so a whole tree
of sums and products adds up.

Products: logarithmic mean Divisia index, LMDI-I (Ang 2005, Energy Policy 33:867-871); zeros by its
analytical limit (Ang and Liu 2007, Energy Policy 35:238-246); factors that are or become negative
have no logarithm and take the Shapley value instead (Ang, Liu and Chew 2003, Energy Policy
31:1561-1566), which is as exact.
"""

from __future__ import annotations

import itertools
import math
import typing
from collections.abc import Sequence

Operator = typing.Literal["+", "-", "*", "/"]
SUMS = ("+", "-")


class Child(typing.NamedTuple):
    """A term or factor with its value before and after."""

    operator: Operator
    before: float
    after: float

    @property
    def change(self) -> float:
        return self.after - self.before


def combined(operators: Sequence[str], values: Sequence[float]) -> float | None:
    """The parent's value: a sum of terms or a product of factors; None when it divides by zero.
    Operators are all + and -, or all * and /; the first is + or *."""
    if operators[0] in SUMS:
        return math.fsum(v if o == "+" else -v for o, v in zip(operators, values, strict=True))
    total = 1.0
    for operator, value in zip(operators, values, strict=True):
        if operator == "/" and value == 0:
            return None
        total = total * value if operator == "*" else total / value
    return total


def multipliers(children: Sequence[Child]) -> list[float] | None:
    """m for each child: sum(m * child.change) is the parent's change. None: it divides by zero."""
    if children[0].operator in SUMS:
        return [1.0 if child.operator == "+" else -1.0 for child in children]
    if any(c.operator == "/" and 0 in (c.before, c.after) for c in children):
        return None
    if any(c.before < 0 or c.after < 0 for c in children):
        return _shapley(children)
    operators = [c.operator for c in children]
    start = combined(operators, [c.before for c in children])
    end = combined(operators, [c.after for c in children])
    if start > 0 and end > 0:
        whole = log_mean(start, end)
        return [
            (1 if c.operator == "*" else -1) * whole / log_mean(c.before, c.after) for c in children
        ]
    # The limit of LMDI as the zeros go to zero: what was or became nothing gave the whole change,
    # several of them in equal shares.
    appeared = [start == 0 < end and c.before == 0 for c in children]
    vanished = [end == 0 < start and c.after == 0 for c in children]
    moved = [a or v for a, v in zip(appeared, vanished, strict=True)]
    return [
        (end - start) / sum(moved) / c.change if is_moved else 0.0
        for c, is_moved in zip(children, moved, strict=True)
    ]


def log_mean(a: float, b: float) -> float:
    """(a - b) / (ln a - ln b) of two positive numbers; their common value where they are equal."""
    ratio = (a - b) / (a + b)
    if abs(ratio) > 0.5:
        return (a - b) / math.log(a / b)
    return (a + b) / 2 * (1.0 if abs(ratio) < 1e-8 else ratio / math.atanh(ratio))


def _shapley(children: Sequence[Child]) -> list[float]:
    """A factor's multiplier is the product of the others, averaged over the orders in which they
    may have moved before it; a divisor acts as the factor 1 / x."""
    pairs = [
        (c.before, c.after) if c.operator == "*" else (1 / c.before, 1 / c.after) for c in children
    ]
    count = len(pairs)
    found = []
    for i, child in enumerate(children):
        others = [k for k in range(count) if k != i]
        weight = 0.0
        for size in range(count):
            share = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            for moved in itertools.combinations(others, size):
                weight += share * math.prod(pairs[k][k in moved] for k in others)
        inverse = 1.0 if child.operator == "*" else -1 / (child.before * child.after)
        found.append(weight * inverse)
    return found
