"""README.txt of the dependency-free C: its calls, its costs, and notes on the processors that it is compiled for."""

from __future__ import annotations

from designer.export.c_cost import cost_of, stereo_of
from designer.export.c_plan import FLOAT, Plan

PROCESSORS = """ESP32: the ESP32 and the ESP32-S3 have a floating-point unit for single precision: take c. The ESP32-C3 and C6
have none: take c-q31 or c-q15. In a component of ESP-IDF, list the source in SRCS. Espressif's own loops use the vector instructions
of the S3: --library esp-dsp writes arrays for dsps_fir_f32 (the last tap first, aligned to 16 bytes, filled up to a multiple of 4
taps) or for dsps_fird_s16 (the first tap first, filled up to a multiple of 8 taps).

Teensy: call process_interleaved or process from update() of an AudioStream. c-q15 takes its blocks of 128 samples as they are; c
needs a conversion (the 4.x have a floating-point unit for single and double precision). AudioFilterFIR takes an even number of int16
taps, at most 200, the last first: --library teensy writes them if the filters are that short. The library runs at 44,100 Hz: design
for that rate.

HiFi: the source is plain C99. --library hifi writes arrays for NatureDSP's bkfirf, bkfir32x32 and bkfir16x16: the first tap first, a
multiple of 4 taps, aligned to 8 bytes. These functions want blocks of a multiple of 4 samples.

SHARC: compile with -char-size-8 (byte addressing), which int16_t and the sizes above need. Put the tables into the memory that the
program data bus reads (section or pm qualifiers). --library sharc writes arrays of float pm for two functions of CrossCore's filter.h:
fir() (the last tap first, a state of a number more than taps) and biquad() (-a2, -a1, b2, b1, b0, a state of two numbers a section).
States begin as zeros; blocks have any length. Public programs call fir() so on ADSP-2156x, SC57x and SC58x, and biquad() on ADSP-2137x
and 2156x. On ADSP-2106x both take single samples, and no public document states their order: test it with an impulse.

JUCE: call init from prepareToPlay, and process from processBlock with getArrayOfReadPointers() and getArrayOfWritePointers() of two
different buffers. A host's block may have any length. --library juce writes arrays for dsp::FIR::Coefficients. Build for the sample
rate of the design, or export once for each rate.
"""


def usage(plan: Plan) -> tuple[str, list[tuple[str, ...]]]:
    """Paragraphs, and a table of the filters."""
    prefix, big, kind, cost = plan.names.prefix, plan.names.prefix.upper(), plan.word.c_type, cost_of(plan)
    filters = plan.filters
    call = f"""    static {prefix}_state state;
    {prefix}_init(&state);
    {prefix}_process(&state, in, out, frames);             /* const {kind} *const in[{big}_CHANNELS], {kind} *const out[{big}_DRIVERS] */
    {prefix}_process_interleaved(&state, in, out, frames); /* frames of {big}_CHANNELS, of {big}_DRIVERS samples */"""
    sizes = f"""{cost.multiply_adds_per_s:,} multiply-adds a second; {cost.flash:,} bytes of constants; {cost.ram:,} bytes of RAM,
of which {cost.state:,} last from call to call; {cost.latency_ms:.3f} ms of latency. For inputs of full scale
the largest feed is {cost.worst_output:.3f} of full scale. The header has these numbers as macros, and the source does not
compile where the state has another size. The source allocates nothing, has no globals, and does not recurse."""
    how = f"""A call takes any number of frames: the samples are the same, and no latency is added. Up to {plan.block} samples are
computed together. Input and output must not overlap."""
    if plan.tails:
        how += f""" Filters longer than {plan.block} taps run in partitions of {plan.block} taps. The frame that completes a block costs
more than the others: where time is short, call with a multiple of {plan.block} frames."""
    stereo = stereo_of(plan)
    if stereo:
        products = stereo.multiply_adds_per_s(plan.multiply_adds)
        call += f"""
    static {prefix}_stereo_state speaker;
    {prefix}_stereo_init(&speaker);
    {prefix}_stereo(&speaker, in, out, frames);             /* left and right in, feeds out */
    {prefix}_stereo_interleaved(&speaker, in, out, frames);"""
        how += f""" The upmix makes the channels of {prefix}_process from left and right: {prefix}_stereo is the whole chain, as
designer render plays it. It has a latency of {stereo.latency_ms:.2f} ms, and takes {stereo.ram_bytes:,} bytes of RAM and
{products:,} multiply-adds a second. It calls sqrt, floorf, frexpf and ldexpf of the C library (-lm); the upmix
computes in single precision in every word."""
    if plan.word is not FLOAT:
        how += """ Sums have 64 bits and cannot overflow; each feed is rounded once and saturates. Taps are multiplied one by one: a
transform would round at each of its stages, and these sums are exact."""
    rows: list[tuple[str, ...]] = [("channel", "driver", "form", "delay in samples")]
    for filter_ in filters.filters:
        count = len(filter_.cascade.b) if filter_.cascade is not None else filter_.taps.size
        form = f"{count} sections" if filter_.cascade is not None else f"{count} taps" if filter_.has_taps else "delay"
        rows.append((filter_.channel, filter_.driver, form, str(filters.delay(filter_))))
    return f"{call}\n\n{how}\n\n{sizes}\n\n{PROCESSORS}", rows
