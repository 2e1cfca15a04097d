"""The stereo virtualiser: crosstalk model, virtualisation, alignment, and the chain that is rendered."""
