"""How a command says no."""

from __future__ import annotations


class Refusal(Exception):
    """A command cannot do what it was asked; the message is a sentence for whoever asked."""
