"""Arithmetic with exact fractions: one written expression to its value, without ever running it as code."""

from __future__ import annotations

import ast
import re
from fractions import Fraction

MAXIMUM_CHARACTERS = 200
_MAXIMUM_EXPONENT = 64
_MAXIMUM_BITS = 4096
_SIGNS = str.maketrans({"×": "*", "÷": "/", "−": "-"})
_ALLOWED = re.compile(r"[0-9.+\-*/() \t]+")


def evaluate(expression: str) -> Fraction | None:
    """The exact value of an expression of numbers, `+ - * / ** ^`, brackets and their typographic twins.

    None when it is anything else: another sign or name, a number with a leading zero, no operator, a division by
    zero, an exponent that is no whole number of 0 to 64, a value beyond 4,096 bits, or more than 200 characters.
    """
    plain = expression.translate(_SIGNS).replace("^", "**").strip()
    if len(plain) > MAXIMUM_CHARACTERS or not _ALLOWED.fullmatch(plain):
        return None
    try:
        tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, RecursionError, MemoryError):
        return None
    if not any(isinstance(node, ast.BinOp) for node in ast.walk(tree)):
        return None
    return _value(tree, plain)


def _value(node: ast.expr, source: str) -> Fraction | None:
    if isinstance(node, ast.Constant):
        text = ast.get_source_segment(source, node) or ""
        # The text of the number, not the float that Python made of it: 0.1 is a tenth.
        return Fraction(text) if re.fullmatch(r"\d+(?:\.\d+)?", text) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand, source)
        return -value if value is not None and isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, source), _value(node.right, source)
        return None if left is None or right is None else _bounded(_combined(node.op, left, right))
    return None


def _combined(operator: ast.operator, left: Fraction, right: Fraction) -> Fraction | None:
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.Div):
        return left / right if right else None
    if isinstance(operator, ast.Pow) and right.denominator == 1 and 0 <= right <= _MAXIMUM_EXPONENT:
        return Fraction(left ** int(right))
    return None


def _bounded(value: Fraction | None) -> Fraction | None:
    if value is None or value.numerator.bit_length() + value.denominator.bit_length() > _MAXIMUM_BITS:
        return None
    return value


def written(value: Fraction) -> str:
    """A whole number, a decimal where it ends, else `numerator/denominator`; `rewards.last_number` reads it back."""
    rest = value.denominator
    digits = 0
    for factor in (2, 5):
        power = 0
        while rest % factor == 0:
            rest //= factor
            power += 1
        digits = max(digits, power)
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    if not digits:
        return str(value)
    scaled = str(abs(value.numerator) * 10**digits // value.denominator).rjust(digits + 1, "0")
    return f"{'-' if value < 0 else ''}{scaled[:-digits]}.{scaled[-digits:]}"
