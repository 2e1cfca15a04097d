/* A bank: places between sets, the filters there, and the fade from one to the next.

   `state->filter` holds two filters of each route: those of the values before and now. `slot` is the place of the filters that play where
   no fade is under way; a fade goes from there to the other place. */

//: places
/* The set below a value of a key, and the share of the set above it; NaN counts as the lowest value. */
static void prefix_find(const double *values, uint32_t count, float value, uint32_t *found)
{
    const double place = (double)value;
    uint32_t below = 0U;
    uint32_t share = 0U;
    if (count > 1U) {
        double inside;
        while (((below + 2U) < count) && (place >= values[below + 1U])) {
            below++;
        }
        inside = (place - values[below]) / (values[below + 1U] - values[below]);
        if (inside >= 1.0) {
            share = PREFIX_ONE;
        } else if (inside > 0.0) {
            share = (uint32_t)((inside * (double)PREFIX_ONE) + 0.5);
        } else {
            share = 0U;
        }
    }
    found[0] = below;
    found[1] = share;
}

//: set, 1
void prefix_set_position(prefix_state *state, float value)
{
    prefix_find(prefix_values_1, PREFIX_SETS_1, value, state->wanted);
}

//: set, 2
void prefix_set_position(prefix_state *state, float value, float value2)
{
    prefix_find(prefix_values_1, PREFIX_SETS_1, value, state->wanted);
    prefix_find(prefix_values_2, PREFIX_SETS_2, value2, &state->wanted[2]);
}

//: corners, 1
/* The sets around a place, and their shares, whose sum is PREFIX_ONE. */
static void prefix_corners(const uint32_t *place, uint32_t *set, uint32_t *share)
{
    share[0] = PREFIX_ONE - place[1];
    share[1] = place[1];
    set[0] = place[0];
    set[1] = (share[1] > 0U) ? (place[0] + 1U) : place[0];
}

//: corners, 2
/* The sets around a place, and their shares, whose sum is PREFIX_ONE. */
static void prefix_corners(const uint32_t *place, uint32_t *set, uint32_t *share)
{
    const uint32_t both = (uint32_t)(((uint64_t)place[1] * (uint64_t)place[3]) >> PREFIX_ONE_BITS);
    const uint32_t below = (place[0] * PREFIX_SETS_2) + place[2];
    const uint32_t second = (place[3] > 0U) ? 1U : 0U;
    const uint32_t first = (place[1] > 0U) ? PREFIX_SETS_2 : 0U;
    share[0] = ((PREFIX_ONE + both) - place[1]) - place[3];
    share[1] = place[3] - both;
    share[2] = place[1] - both;
    share[3] = both;
    set[0] = below;
    set[1] = below + second;
    set[2] = below + first;
    set[3] = below + first + second;
}

//: delay
/* The whole samples of a route's delay between sets, and the delay filter of the rest, the last number first. */
static uint32_t prefix_delay(uint32_t r, const uint32_t *set, const uint32_t *share, PART *part)
{
    uint64_t sum = (uint64_t)1U << (PREFIX_ONE_BITS - 1U);
    uint32_t late;
    uint32_t row;
    uint32_t rest;
    for (uint32_t i = 0U; i < PREFIX_CORNERS; i++) {
        sum += (uint64_t)share[i] * (uint64_t)prefix_delays[(set[i] * PREFIX_ROUTES) + r];
    }
    late = (uint32_t)(sum >> PREFIX_ONE_BITS);
    row = (late & (((uint32_t)1U << PREFIX_DELAY_BITS) - 1U)) >> PREFIX_REST_BITS;
    rest = late & (((uint32_t)1U << PREFIX_REST_BITS) - 1U);
    REST
    for (uint32_t m = 0U; m < PREFIX_DELAY_TAPS; m++) {
        const PART below = prefix_sinc[((row + 1U) * PREFIX_DELAY_TAPS) - 1U - m];
        const PART above = prefix_sinc[((row + 2U) * PREFIX_DELAY_TAPS) - 1U - m];
        part[m] = BETWEEN;
    }
    return late >> PREFIX_DELAY_BITS;
}

//: mix, float
/* Interpolates the taps of a route between sets, the last first. */
static void prefix_mix(const prefix_route *route, const uint32_t *set, const uint32_t *share, SAMPLE *mixed)
{
    for (uint32_t k = 0U; k < route->count; k++) {
        mixed[k] = 0.0F;
    }
    for (uint32_t i = 0U; i < PREFIX_CORNERS; i++) {
        const float weight = (float)share[i] * (1.0F / (float)PREFIX_ONE);
        const float *taps = &prefix_taps[(set[i] * PREFIX_NUMBERS) + route->first];
        for (uint32_t k = 0U; k < route->count; k++) {
            mixed[k] += weight * taps[k];
        }
    }
}

//: mix, fixed
/* Interpolates the taps of a route between sets, the last first. */
static void prefix_mix(const prefix_route *route, const uint32_t *set, const uint32_t *share, SAMPLE *mixed)
{
    for (uint32_t k = 0U; k < route->count; k++) {
        int64_t sum = (int64_t)1 << (PREFIX_ONE_BITS - 1U);
        for (uint32_t i = 0U; i < PREFIX_CORNERS; i++) {
            sum += (int64_t)share[i] * (int64_t)prefix_taps[(set[i] * PREFIX_NUMBERS) + route->first + k];
        }
        mixed[k] = (SAMPLE)(sum >> PREFIX_ONE_BITS);
    }
}

//: fill
/* Taps through the delay filter: a filter of count + PREFIX_DELAY_TAPS - 1 taps. */
static void prefix_convolve(const SAMPLE *mixed, uint32_t count, const PART *part, LOWERSAMPLE *filter)
{
    for (uint32_t k = 0U; k < ((count + PREFIX_DELAY_TAPS) - 1U); k++) {
        const uint32_t start = (k < count) ? 0U : ((k + 1U) - count);
        const uint32_t end = (k < PREFIX_DELAY_TAPS) ? (k + 1U) : PREFIX_DELAY_TAPS;
        SUM sum = ZERO;
        for (uint32_t m = start; m < end; m++) {
            sum += (SUM)part[m] * (SUM)mixed[k - m];
        }
        filter[k] = ROUNDED;
    }
}

/* Computes the filters at the position that is to be played, into a slot. */
static void prefix_fill(prefix_state *state, uint32_t slot)
{
    uint32_t set[PREFIX_CORNERS];
    uint32_t share[PREFIX_CORNERS];
    PART part[PREFIX_DELAY_TAPS];
    prefix_corners(state->played, set, share);
    for (uint32_t r = 0U; r < PREFIX_ROUTES; r++) {
        const prefix_route *route = &prefix_routes[r];
        state->late[slot][r] = route->delay + prefix_delay(r, set, share, part);
        prefix_mix(route, set, share, state->mixed);
        prefix_convolve(state->mixed, route->count, part, LOWER_OF_ROUTE&state->filter[slot][route->filter]);
    }
}

//: turn
/* At the start of a block: takes new values, unless a fade is under way. */
static void prefix_turn(prefix_state *state)
{
    if (state->started == 0U) {
        (void)memcpy(state->played, state->wanted, sizeof state->played);
        prefix_fill(state, state->slot);
        state->started = 1U;
    } else if ((state->fading == 0U) && (memcmp(state->played, state->wanted, sizeof state->played) != 0)) {
        (void)memcpy(state->played, state->wanted, sizeof state->played);
        prefix_fill(state, 1U - state->slot);
        state->fading = 1U;
        state->faded = 0U;
    } else {
        /* the filters that play go on */
    }
}

/* At the end of a block: the filters at the end of a fade are those that play. */
static void prefix_settle(prefix_state *state)
{
    if (state->fading != 0U) {
        state->faded += PREFIX_BLOCK;
        if (state->faded >= PREFIX_FADE_SAMPLES) {
            state->slot = 1U - state->slot;
            state->fading = 0U;
        }
    }
}

//: play
/* Adds to sums the feeds of the filters in a slot. */
static void prefix_play(prefix_state *state, uint32_t slot, SUM (*sum)[PREFIX_BLOCK], uint32_t frames)
{
    for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {
        for (uint32_t n = 0U; n < frames; n++) {
            sum[l][n] = NOTHING;
        }
    }
    for (uint32_t r = 0U; r < PREFIX_ROUTES; r++) {
        const prefix_route *route = &prefix_routes[r];
        const uint32_t count = (route->count + PREFIX_DELAY_TAPS) - 1U;
        const SAMPLE *x = prefix_late(state, route->channel, state->late[slot][r] + (count - 1U));
        MULTIPLY
    }
}

/* Computes the feeds of the newest samples in the lines into state->sum. */
static void prefix_run(prefix_state *state, uint32_t frames)
{
    if (state->filled == 0U) {
        prefix_turn(state);
    }
    prefix_play(state, state->slot, state->sum, frames);
    if (state->fading != 0U) {
        prefix_play(state, 1U - state->slot, state->next, frames);
        for (uint32_t n = 0U; n < frames; n++) {
            const uint32_t at = state->faded + state->filled + n;
            FADE_SHARE
            for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {
                state->sum[l][n] += FADE_PART;
            }
        }
    }
}

//: multiply by CMSIS-DSP
/* Adds to y the output of CMSIS-DSP's filter with the taps, the last first, whose past is that of the samples x. */
static void prefix_multiply(prefix_state *state, const SAMPLE *taps, uint32_t count, const SAMPLE *x, ADDED)
{
    INSTANCE filter;
    filter.numTaps = (uint16_t)count;
    filter.pState = state->past;
    filter.pCoeffs = taps;
    (void)memcpy(state->past, x, (count - 1U) * sizeof(SAMPLE));
    FUNCTION(&filter, &x[count - 1U], state->part, PREFIX_BLOCK);
    for (uint32_t n = 0U; n < PREFIX_BLOCK; n++) {
        y[n] += OUTPUT;
    }
}

//: process blocks
void prefix_init(prefix_state *state)
{
    (void)memset(state, 0, sizeof *state);
    BEGIN
}

void prefix_process(prefix_state *state, const SAMPLE *const *in, SAMPLE *const *out)
{
    for (uint32_t c = 0U; c < PREFIX_CHANNELS; c++) {
        (void)memcpy(prefix_newest(state, c), in[c], PREFIX_BLOCK * sizeof(SAMPLE));
    }
    prefix_run(state, PREFIX_BLOCK);
    for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {
        for (uint32_t n = 0U; n < PREFIX_BLOCK; n++) {
            out[l][n] = FEED;
        }
    }
    prefix_advance(state, PREFIX_BLOCK);
}
