"""README.txt of the dependency-free C: how it is called, and what is worth knowing of the processors that it is compiled for."""

from __future__ import annotations

from designer.export.c_cost import cost_of, stereo_cost
from designer.export.c_plan import FLOAT, Plan

PROCESSORS = """ESP32 and ESP32-S3 have a unit for single precision: take c. ESP32-C3 and C6 have none: take c-q31 or c-q15. As a component
of ESP-IDF the source is one entry of SRCS. Espressif's own loops use the S3's vectors: --library esp-dsp writes the arrays for
dsps_fir_f32, the last tap first, aligned to 16 bytes and filled up to a multiple of 4, or for dsps_fird_s16, to one of 8.

Teensy: call process_interleaved or process from update() of an AudioStream, with the blocks of 128 samples as they are (c-q15), or
through a conversion (c; the 4.x have a unit for single and double precision). AudioFilterFIR takes at most 200 taps of int16, an even
number, the last first: --library teensy writes them, where they are no more. The library runs at 44,100 Hz; design for that.

HiFi: the source is plain C99. --library hifi writes arrays for NatureDSP's bkfirf,
bkfir32x32 and bkfir16x16: the first tap first, a multiple of 4, aligned to 8 bytes; these want blocks of a multiple of 4.

SHARC: compile with -char-size-8 (byte addressing), which int16_t and the sizes above need. Put the tables into the memory that the
program data bus reads (section or pm qualifiers). CrossCore's own fir() takes const float pm coeffs[] and a state of its
own; in what order it wants the taps was found in no public document, so no array is written for it: prove it with an
impulse.

JUCE: prepareToPlay calls init, processBlock calls process with getArrayOfReadPointers() and getArrayOfWritePointers() of two buffers:
in and out must not be the same. A host's block may have any length. --library juce writes arrays for dsp::FIR::Coefficients.
Build for the rate of the design, or export once for each rate.
"""


def usage(plan: Plan) -> tuple[str, list[tuple[str, ...]]]:
    """Paragraphs, and a table of the filters."""
    prefix, big, kind, cost = plan.names.prefix, plan.names.prefix.upper(), plan.word.c_type, cost_of(plan)
    filters = plan.filters
    call = f"""    static {prefix}_state state;
    {prefix}_init(&state);
    {prefix}_process(&state, in, out, frames);             /* const {kind} *const in[{big}_CHANNELS], {kind} *const out[{big}_DRIVERS] */
    {prefix}_process_interleaved(&state, in, out, frames); /* frames of {big}_CHANNELS, of {big}_DRIVERS samples */"""
    sizes = f"""{cost.multiply_adds_per_s:,} multiply-adds a second; {cost.flash:,} bytes of constants, {cost.ram:,} of RAM,
of which {cost.state:,} last from call to call; {cost.latency_ms:.3f} ms of latency;
the largest feed is {cost.worst_output:.3f} of full scale. The header has them as macros,
and the source does not compile where the state has another size. Nothing is allocated, nothing is global, nothing calls itself."""
    how = f"""Calls of any number of frames give the same samples, without latency of their own: up to {plan.block} are computed
together. Input and output must not overlap."""
    if plan.tails:
        how += f""" Filters longer than {plan.block} taps run in partitions of so many: a block that is full costs more than a frame within
it, so that frames a call should be a multiple of {plan.block} where time is short."""
    if plan.upmix:
        stereo = stereo_cost(plan, plan.upmix)
        call += f"""
    static {prefix}_stereo_state speaker;
    {prefix}_stereo_init(&speaker);
    {prefix}_stereo(&speaker, in, out, frames);             /* left and right in, feeds out */
    {prefix}_stereo_interleaved(&speaker, in, out, frames);"""
        how += f""" The upmix makes the channels of {prefix}_process from left and right: {prefix}_stereo is the whole chain, as
designer render plays it, {stereo.latency_ms:.2f} ms late, in {stereo.ram:,} bytes of RAM and
{stereo.multiply_adds_per_s:,} multiply-adds a second; it takes sqrt, floorf, frexpf and ldexpf of the C library (-lm), and reckons
in single precision whatever the word."""
    if plan.word is not FLOAT:
        how += """ Sums are of 64 bits and cannot overflow; each feed is rounded once and saturates. Taps are multiplied one by one: a
transform would round at each of its stages, where sums are exact."""
    rows: list[tuple[str, ...]] = [("channel", "driver", "form", "delay in samples")]
    for filter_ in filters.filters:
        count = len(filter_.cascade.b) if filter_.cascade is not None else filter_.taps.size
        form = f"{count} sections" if filter_.cascade is not None else f"{count} taps" if filter_.has_taps else "delay"
        rows.append((filter_.channel, filter_.driver, form, str(filters.delay(filter_))))
    return f"{call}\n\n{how}\n\n{sizes}\n\n{PROCESSORS}", rows
