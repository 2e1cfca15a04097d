/* The dependency-free C: lines of samples, taps, sections and delays, and the calls.

   A line holds a channel's samples, the newest last: sample n of the portion that is computed lies at first + history + filled + n. */

//: multiply, float
/* Adds to y the sums of products of the samples x and the taps, the last tap first. */
static void prefix_multiply(const float *taps, uint32_t count, const float *x, float *y, uint32_t frames)
{
    uint32_t n = 0U;
    while ((n + 4U) <= frames) { /* four samples at once: each tap is read once for all of them */
        float first = 0.0F;
        float second = 0.0F;
        float third = 0.0F;
        float fourth = 0.0F;
        for (uint32_t k = 0U; k < count; k++) {
            const float tap = taps[k];
            first += tap * x[n + k];
            second += tap * x[n + k + 1U];
            third += tap * x[n + k + 2U];
            fourth += tap * x[n + k + 3U];
        }
        y[n] += first;
        y[n + 1U] += second;
        y[n + 2U] += third;
        y[n + 3U] += fourth;
        n += 4U;
    }
    while (n < frames) {
        float sum = 0.0F;
        for (uint32_t k = 0U; k < count; k++) {
            sum += taps[k] * x[n + k];
        }
        y[n] += sum;
        n++;
    }
}

//: multiply, fixed
/* Adds to y the sums of products of the samples x and the taps, the last tap first; in 64 bits, shifted. */
static void prefix_multiply(const SAMPLE *taps, uint32_t count, int32_t shift, const SAMPLE *x, int64_t *y,
    uint32_t frames)
{
    uint32_t n = 0U;
    while ((n + 4U) <= frames) { /* four samples at once: each tap is read once for all of them */
        int64_t first = 0;
        int64_t second = 0;
        int64_t third = 0;
        int64_t fourth = 0;
        for (uint32_t k = 0U; k < count; k++) {
            const PRODUCT tap = (PRODUCT)taps[k];
            first += tap * (PRODUCT)x[n + k];
            second += tap * (PRODUCT)x[n + k + 1U];
            third += tap * (PRODUCT)x[n + k + 2U];
            fourth += tap * (PRODUCT)x[n + k + 3U];
        }
        y[n] += prefix_shifted(first, shift);
        y[n + 1U] += prefix_shifted(second, shift);
        y[n + 2U] += prefix_shifted(third, shift);
        y[n + 3U] += prefix_shifted(fourth, shift);
        n += 4U;
    }
    while (n < frames) {
        int64_t sum = 0;
        for (uint32_t k = 0U; k < count; k++) {
            sum += (PRODUCT)taps[k] * (PRODUCT)x[n + k];
        }
        y[n] += prefix_shifted(sum, shift);
        n++;
    }
}

//: section, float
/* Runs one section over the samples x, in the transposed direct form II; the feedback is added. */
static void prefix_section(const float *c, float *node, float *x, uint32_t frames)
{
    float first = node[0];
    float second = node[1];
    for (uint32_t n = 0U; n < frames; n++) {
        const float in = x[n];
        const float out = (c[0] * in) + first;
        first = ((c[1] * in) + (c[3] * out)) + second;
        second = (c[2] * in) + (c[4] * out);
        x[n] = out;
    }
    node[0] = first;
    node[1] = second;
}

//: section, fixed
/* Runs one section over the samples x, in direct form I; the feedback is added, a sum's rest is added to the next sum. */
static void prefix_section(const int32_t *c, uint32_t lower, int32_t *node, uint32_t *lost, int32_t *x,
    uint32_t frames)
{
    const uint64_t mask = ((uint64_t)1U << lower) - 1U;
    int32_t x1 = node[0];
    int32_t x2 = node[1];
    int32_t y1 = node[2];
    int32_t y2 = node[3];
    uint32_t rest = *lost;
    for (uint32_t n = 0U; n < frames; n++) {
        int64_t sum = (int64_t)c[0] * (int64_t)x[n];
        int64_t out;
        sum += (int64_t)c[1] * (int64_t)x1;
        sum += (int64_t)c[2] * (int64_t)x2;
        sum += (int64_t)c[3] * (int64_t)y1;
        sum += (int64_t)c[4] * (int64_t)y2;
        sum += (int64_t)rest;
        rest = (uint32_t)((uint64_t)sum & mask);
        out = sum >> lower;
        if (out > (int64_t)INT32_MAX) {
            out = (int64_t)INT32_MAX;
        } else if (out < (int64_t)INT32_MIN) {
            out = (int64_t)INT32_MIN;
        } else {
            /* within the word */
        }
        x2 = x1;
        x1 = x[n];
        y2 = y1;
        y1 = (int32_t)out;
        x[n] = y1;
    }
    *lost = rest;
    node[0] = x1;
    node[1] = x2;
    node[2] = y1;
    node[3] = y2;
}

//: shifted
/* A sum times 2^shift; a negative shift rounds towards minus infinity. */
static int64_t prefix_shifted(int64_t sum, int32_t shift)
{
    int64_t shifted;
    if (shift >= 0) {
        shifted = sum * ((int64_t)1 << (uint32_t)shift);
    } else {
        shifted = sum >> (uint32_t)(-shift);
    }
    return shifted;
}

//: rounded
/* A driver's sum rounded to the nearest sample and saturated. */
static SAMPLE prefix_rounded(int64_t sum)
{
    int64_t rounded = (sum + ((int64_t)1 << (PREFIX_CUT_BITS - 1U))) >> PREFIX_CUT_BITS;
    if (rounded > (int64_t)MOST) {
        rounded = (int64_t)MOST;
    } else if (rounded < (int64_t)LEAST) {
        rounded = (int64_t)LEAST;
    } else {
        /* within the word */
    }
    return (SAMPLE)rounded;
}

//: room
/* How many of the frames still fit into the current block. */
static uint32_t prefix_room(const prefix_state *state, uint32_t frames)
{
    const uint32_t room = PREFIX_BLOCK - state->filled;
    return (frames < room) ? frames : room;
}

//: newest
/* The place of a channel's newest samples. */
static SAMPLE *prefix_newest(prefix_state *state, uint32_t channel)
{
    return &state->line[prefix_lines[channel].first + prefix_lines[channel].history + state->filled];
}

//: late
/* A channel's samples as they were `delay` samples ago. */
static const SAMPLE *prefix_late(const prefix_state *state, uint32_t channel, uint32_t delay)
{
    return &state->line[(prefix_lines[channel].first + prefix_lines[channel].history + state->filled) - delay];
}

//: advance
/* Counts the frames as done; a full block makes room for the next. */
static void prefix_advance(prefix_state *state, uint32_t frames)
{
    state->filled += frames;
    if (state->filled == PREFIX_BLOCK) {
        LOOK_AHEAD
        for (uint32_t c = 0U; c < PREFIX_CHANNELS; c++) {
            SAMPLE *line = &state->line[prefix_lines[c].first];
            (void)memmove(line, &line[PREFIX_BLOCK], prefix_lines[c].history * sizeof(SAMPLE));
        }
        state->filled = 0U;
    }
}

//: process
void prefix_init(prefix_state *state)
{
    (void)memset(state, 0, sizeof *state);
    BEGIN
}

void prefix_process(prefix_state *state, const SAMPLE *const *in, SAMPLE *const *out, uint32_t frames)
{
    uint32_t done = 0U;
    while (done < frames) {
        const uint32_t count = prefix_room(state, frames - done);
        for (uint32_t c = 0U; c < PREFIX_CHANNELS; c++) {
            (void)memcpy(prefix_newest(state, c), &in[c][done], count * sizeof(SAMPLE));
        }
        prefix_run(state, count);
        for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {
            for (uint32_t n = 0U; n < count; n++) {
                out[l][done + n] = FEED;
            }
        }
        prefix_advance(state, count);
        done += count;
    }
}

void prefix_process_interleaved(prefix_state *state, const SAMPLE *in, SAMPLE *out, uint32_t frames)
{
    const SAMPLE *from = in;
    SAMPLE *to = out;
    uint32_t left = frames;
    while (left > 0U) {
        const uint32_t count = prefix_room(state, left);
        for (uint32_t c = 0U; c < PREFIX_CHANNELS; c++) {
            SAMPLE *newest = prefix_newest(state, c);
            for (uint32_t n = 0U; n < count; n++) {
                newest[n] = from[(n * PREFIX_CHANNELS) + c];
            }
        }
        prefix_run(state, count);
        for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {
            for (uint32_t n = 0U; n < count; n++) {
                to[(n * PREFIX_DRIVERS) + l] = FEED;
            }
        }
        prefix_advance(state, count);
        from = &from[count * PREFIX_CHANNELS];
        to = &to[count * PREFIX_DRIVERS];
        left -= count;
    }
}

//: run
/* Computes the feeds of the newest samples in the lines into state->sum. */
static void prefix_run(prefix_state *state, uint32_t frames)
{
    for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {
        for (uint32_t n = 0U; n < frames; n++) {
            state->sum[l][n] = START;
        }
    }
    LOOPS
}

//: run delays
    for (uint32_t r = 0U; r < PREFIX_DELAYS; r++) {
        const prefix_delay *route = &prefix_delays[r];
        const SAMPLE *x = prefix_late(state, route->channel, route->delay);
        for (uint32_t n = 0U; n < frames; n++) {
            state->sum[route->driver][n] += WHOLE;
        }
    }

//: run taps, float
    for (uint32_t r = 0U; r < PREFIX_FIRS; r++) {
        const prefix_fir *route = &prefix_firs[r];
        const float *x = prefix_late(state, route->channel, route->delay + (route->count - 1U));
        prefix_multiply(&prefix_taps[route->first], route->count, x, state->sum[route->driver], frames);
    }

//: run taps, fixed
    for (uint32_t r = 0U; r < PREFIX_FIRS; r++) {
        const prefix_fir *route = &prefix_firs[r];
        const SAMPLE *x = prefix_late(state, route->channel, route->delay + (route->count - 1U));
        prefix_multiply(&prefix_taps[route->first], route->count, route->shift, x, state->sum[route->driver], frames);
    }

//: run sections, float
    for (uint32_t r = 0U; r < PREFIX_CASCADES; r++) {
        const prefix_cascade *route = &prefix_cascades[r];
        const float *x = prefix_late(state, route->channel, route->delay);
        float *sum = state->sum[route->driver];
        (void)memcpy(state->part, x, frames * sizeof(float));
        for (uint32_t s = 0U; s < route->count; s++) {
            prefix_section(&prefix_sections[(route->first + s) * 5U], &state->node[(route->first + s) * 2U], state->part,
                frames);
        }
        for (uint32_t n = 0U; n < frames; n++) {
            sum[n] += state->part[n];
        }
    }

//: run sections, fixed
    for (uint32_t r = 0U; r < PREFIX_CASCADES; r++) {
        const prefix_cascade *route = &prefix_cascades[r];
        const SAMPLE *x = prefix_late(state, route->channel, route->delay);
        int64_t *sum = state->sum[route->driver];
        for (uint32_t n = 0U; n < frames; n++) {
            state->part[n] = NODE;
        }
        for (uint32_t s = 0U; s < route->count; s++) {
            prefix_section(&prefix_sections[(route->first + s) * 5U], route->lower, &state->node[(route->first + s) * 4U],
                &state->lost[route->first + s], state->part, frames);
        }
        for (uint32_t n = 0U; n < frames; n++) {
            sum[n] += prefix_shifted((int64_t)state->part[n], route->shift);
        }
    }
