"""From geometry to the transfer tensor H (F, M, L): free field, baffle, rigid sphere, heads, and the scene of them all."""

from designer.acoustics.scene import Scene, scene

__all__ = ["Scene", "scene"]
