"""From geometry to the transfer tensor H (F, M, L): free field, baffle, rigid sphere, heads, and the scene of them all."""

from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import scene

__all__ = ["Scene", "scene"]
