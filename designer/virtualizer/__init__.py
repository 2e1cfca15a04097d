"""The stereo chain: upmix, filters and delays, and audio files through them."""
