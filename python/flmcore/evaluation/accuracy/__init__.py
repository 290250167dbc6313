"""Accuracy against truth: what is compared, under which protocol, and which protocol explains a published figure."""

from flmcore.evaluation.accuracy.protocol import Protocol

__all__ = ["Protocol"]
