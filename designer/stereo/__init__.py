"""The stereo chain: crosstalk model, virtualisation, alignment and upmix, and audio files rendered through them."""
