"""Scene, targets and formulation to one channel's weights W (F, L)."""

from designer.designs.channel import ChannelDesign, design_channel

__all__ = ["ChannelDesign", "design_channel"]
