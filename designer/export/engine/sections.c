/* A bank of sections: numerators between sets, poles, and both in a fade.

   `state->filter` holds two of each route's numerators and delay filters: those of the values before and now. The poles' states in
   `state->node` are the route's own and go on through all fades. */

//: mix sections
/* Interpolates the numerators of a route between sets. */
static void prefix_mix(const prefix_route *route, const uint32_t *set, const uint32_t *share, float *mixed)
{
    for (uint32_t k = 0U; k < route->count; k++) {
        mixed[k] = 0.0F;
    }
    for (uint32_t i = 0U; i < PREFIX_CORNERS; i++) {
        const float weight = (float)share[i] * (1.0F / (float)PREFIX_ONE);
        const float *numerators = &prefix_numerators[(set[i] * PREFIX_NUMBERS) + route->first];
        for (uint32_t k = 0U; k < route->count; k++) {
            mixed[k] += weight * numerators[k];
        }
    }
}

//: fill sections
/* Computes the numerators and delays at the position that is to be played, into a slot. */
static void prefix_fill(prefix_state *state, uint32_t slot)
{
    uint32_t set[PREFIX_CORNERS];
    uint32_t share[PREFIX_CORNERS];
    prefix_corners(state->played, set, share);
    for (uint32_t r = 0U; r < PREFIX_ROUTES; r++) {
        const prefix_route *route = &prefix_routes[r];
        float *filter = &state->filter[slot][route->filter];
        state->late[slot][r] = route->delay + prefix_delay(r, set, share, &filter[route->count]);
        prefix_mix(route, set, share, filter);
    }
}

//: poles
/* Runs the poles of a section: pole[n + 1] = delayed[n] - a[0] pole[n] - a[1] pole[n - 1]. */
static void prefix_poles(prefix_state *state, uint32_t section, uint32_t frames)
{
    const float *a = &prefix_denominators[2U * section];
    float *node = &state->node[2U * section];
    float last = node[0];
    float before = node[1];
    state->pole[0] = last;
    for (uint32_t n = 0U; n < frames; n++) {
        const float out = (state->delayed[n] - (a[0] * last)) - (a[1] * before);
        before = last;
        last = out;
        state->pole[n + 1U] = out;
    }
    node[0] = last;
    node[1] = before;
}

//: poles by CMSIS-DSP
/* Runs the poles of a section by CMSIS-DSP's biquad; pole[0] is the last output of the previous call. */
static void prefix_poles(prefix_state *state, uint32_t section, uint32_t frames)
{
    float *node = &state->node[4U * section]; /* the two last inputs, then the two last outputs */
    arm_biquad_casd_df1_inst_f32 biquad;
    biquad.numStages = 1U;
    biquad.pState = node;
    biquad.pCoeffs = &prefix_denominators[5U * section];
    state->pole[0] = node[2];
    arm_biquad_cascade_df1_f32(&biquad, state->delayed, &state->pole[1], frames);
}

//: play sections
/* Delays a route's samples by the delay in a slot. */
static void prefix_late_by(prefix_state *state, uint32_t slot, uint32_t r, float *y, uint32_t frames)
{
    const prefix_route *route = &prefix_routes[r];
    const float *part = &state->filter[slot][route->filter + route->count];
    const float *x = prefix_late(state, route->channel, state->late[slot][r] + (PREFIX_DELAY_TAPS - 1U));
    for (uint32_t n = 0U; n < frames; n++) {
        y[n] = 0.0F;
    }
    MULTIPLY
}

/* Adds to y the samples x times a coefficient; during a fade it changes on a straight line from `before` to `now`. */
static void prefix_add(const prefix_state *state, float before, float now, const float *x, float *y, uint32_t frames)
{
    if (state->fading != 0U) {
        const float change = now - before;
        for (uint32_t n = 0U; n < frames; n++) {
            y[n] += (before + (state->share[n] * change)) * x[n];
        }
    } else {
        for (uint32_t n = 0U; n < frames; n++) {
            y[n] += before * x[n];
        }
    }
}

/* Computes the feeds of the newest samples in the lines into state->sum. */
static void prefix_run(prefix_state *state, uint32_t frames)
{
    if (state->filled == 0U) {
        prefix_turn(state);
    }
    for (uint32_t n = 0U; n < frames; n++) {
        if (state->fading != 0U) {
            state->share[n] = (float)(state->faded + state->filled + n) * (1.0F / (float)PREFIX_FADE_SAMPLES);
        }
        for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {
            state->sum[l][n] = 0.0F;
        }
    }
    for (uint32_t r = 0U; r < PREFIX_ROUTES; r++) {
        const prefix_route *route = &prefix_routes[r];
        const float *before = &state->filter[state->slot][route->filter];
        const float *now = &state->filter[1U - state->slot][route->filter];
        float *sum = state->sum[route->driver];
        prefix_late_by(state, state->slot, r, state->delayed, frames);
        if (state->fading != 0U) {
            prefix_late_by(state, 1U - state->slot, r, state->later, frames);
            for (uint32_t n = 0U; n < frames; n++) {
                state->delayed[n] += state->share[n] * (state->later[n] - state->delayed[n]);
            }
        }
        prefix_add(state, before[0], now[0], state->delayed, sum, frames);
        for (uint32_t s = 0U; s < route->sections; s++) {
            const uint32_t k = 1U + (2U * s);
            prefix_poles(state, route->section + s, frames);
            prefix_add(state, before[k], now[k], &state->pole[1], sum, frames);
            prefix_add(state, before[k + 1U], now[k + 1U], state->pole, sum, frames);
        }
    }
}
