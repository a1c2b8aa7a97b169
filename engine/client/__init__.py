"""How the rest of Warmline talks to an engine, in this process or another."""

from engine.client.base import EngineClient

__all__ = ["EngineClient"]
