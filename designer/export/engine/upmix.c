/* The upmix ahead of the filters: `c_upmix.py` says what it computes and why.

   A band's bins lie in bit-reversed order: two places go through them, that of bin k upwards and that of bin N - k downwards. */

//: samples, float
/* The upmix computes in the samples' own type. */
static float prefix_level(float sample)
{
    return sample;
}

static float prefix_side(float left, float right)
{
    return 0.5F * (left - right);
}

static float prefix_sample(float level)
{
    return level;
}

static float prefix_difference(float sample, float centre)
{
    return sample - centre;
}

//: samples, fixed
/* Samples as the upmix computes with them: relative to full scale. */
static float prefix_level(SAMPLE sample)
{
    return (float)sample * (1.0F / PREFIX_FULL_SCALE);
}

static float prefix_side(SAMPLE left, SAMPLE right)
{
    return (0.5F / PREFIX_FULL_SCALE) * (float)((int64_t)left - (int64_t)right);
}

/* The way back: rounded and saturated. */
static SAMPLE prefix_sample(float level)
{
    const float nearest = floorf((level * PREFIX_FULL_SCALE) + 0.5F);
    SAMPLE sample;
    if (nearest >= PREFIX_FULL_SCALE) {
        sample = MOST;
    } else if (nearest <= -PREFIX_FULL_SCALE) {
        sample = LEAST;
    } else {
        sample = (SAMPLE)nearest;
    }
    return sample;
}

/* A side without the centre: the sum of both is the side, bit for bit, unless it saturates. */
static SAMPLE prefix_difference(SAMPLE sample, SAMPLE centre)
{
    int64_t difference = (int64_t)sample - (int64_t)centre;
    if (difference > (int64_t)MOST) {
        difference = (int64_t)MOST;
    } else if (difference < (int64_t)LEAST) {
        difference = (int64_t)LEAST;
    } else {
        /* within the word */
    }
    return (SAMPLE)difference;
}

//: upmix
/* The places of the next and the previous bin in bit-reversed order; `top` is the highest bit. */
static uint32_t prefix_next(uint32_t place, uint32_t top)
{
    uint32_t next = place;
    uint32_t bit = top;
    while ((next & bit) != 0U) {
        next ^= bit;
        bit >>= 1U;
    }
    return next | bit;
}

static uint32_t prefix_previous(uint32_t place, uint32_t top)
{
    uint32_t previous = place;
    uint32_t bit = top;
    while ((bit != 0U) && ((previous & bit) == 0U)) {
        previous |= bit;
        bit >>= 1U;
    }
    return previous & ~bit;
}

/* Real and imaginary parts of a bin of the side and of the quieter signal, from the transform of both. */
static void prefix_bin(const prefix_stereo_state *state, uint32_t up, uint32_t down, float half, float *bin)
{
    bin[0] = half * (state->re[up] + state->re[down]);
    bin[1] = half * (state->im[up] - state->im[down]);
    bin[2] = 0.5F * (state->im[up] + state->im[down]);
    bin[3] = 0.5F * (state->re[down] - state->re[up]);
}

/* Updates a band's averages of |S|^2, |L|^2, |R|^2, S L*, S R* (S the side) by this frame's |S|^2, |Q|^2, S Q*: Q is R or L. */
static void prefix_average(double (*average)[2], const float *sum, uint32_t is_right)
{
    const double side = (double)sum[0];
    const double quieter = (double)sum[1];
    const double cross = (double)sum[2];
    const double turn = (is_right != 0U) ? 2.0 : -2.0; /* L = R + 2 S, R = L - 2 S */
    const double other = quieter + (turn * (2.0 * cross)) + (4.0 * side);
    double now[SUMS];
    now[0] = side;
    now[1] = (is_right != 0U) ? other : quieter;
    now[2] = (is_right != 0U) ? quieter : other;
    now[3] = (is_right != 0U) ? (cross + (2.0 * side)) : cross;
    now[4] = (is_right != 0U) ? cross : (cross - (2.0 * side));
    for (uint32_t j = 0U; j < SUMSU; j++) {
        const double next = ((PREFIX_ENTER * now[j]) + (PREFIX_STAY * average[j][0])) - (PREFIX_FADE * average[j][1]);
        average[j][1] = average[j][0];
        average[j][0] = next;
    }
}

/* Gains of a band: the centre is alpha (R + (1 - rho) S), or alpha (L - (1 + rho) S). */
static void prefix_gains(double (*average)[2], float *alpha, float *below, float *above)
{
    const double side = average[0][0];
    double under = 1.0; /* 1 - rho */
    double over = 1.0;  /* 1 + rho */
    double middle = (average[2][0] <= average[1][0]) ? average[2][0] : average[1][0];
    double gain = 0.0;
    if (side > PREFIX_SILENCE) {
        under = -average[4][0] / side;
        over = average[3][0] / side;
        if (under <= 0.0) {
            under = 0.0;
            over = 2.0;
            middle = average[2][0];
        } else if (over <= 0.0) {
            under = 2.0;
            over = 0.0;
            middle = average[1][0];
        } else if (average[2][0] <= average[1][0]) {
            middle -= under * under * side;
        } else {
            middle -= over * over * side;
        }
    }
    if (middle > PREFIX_SILENCE) {
        gain = 1.0 - ((side > PREFIX_SILENCE) ? sqrt((under * over * side) / middle) : 0.0);
    }
    *alpha = (gain > 0.0) ? (float)gain : 0.0F;
    *below = (float)under;
    *above = (float)over;
}

/* Puts the side and the quieter of left and right of the newest frame into re and im; returns the factor on the side. */
static float prefix_take(prefix_stereo_state *state, uint32_t is_right)
{
    const SAMPLE *quieter = state->recent[is_right];
    float side_energy = 0.0F;
    float energy = 0.0F;
    float raised = 1.0F;
    for (uint32_t n = 0U; n < PREFIX_FRAME; n++) {
        const float w = prefix_window[(n < (PREFIX_FRAME / 2U)) ? n : ((PREFIX_FRAME - 1U) - n)];
        state->re[n] = prefix_side(state->recent[0][n], state->recent[1][n]) * w;
        state->im[n] = prefix_level(quieter[n]) * w;
        side_energy += state->re[n] * state->re[n];
        energy += state->im[n] * state->im[n];
    }
    if ((side_energy > 0.0F) && (energy > 0.0F)) {
        int side_exponent;
        int exponent;
        (void)frexpf(side_energy, &side_exponent);
        (void)frexpf(energy, &exponent);
        raised = ldexpf(1.0F, (exponent - side_exponent) / 2);
        for (uint32_t n = 0U; n < PREFIX_FRAME; n++) {
            state->re[n] *= raised;
        }
    }
    return raised;
}

/* 1 if the right is the quieter side of the newest frame, else 0. */
static uint32_t prefix_right_is_quieter(const prefix_stereo_state *state)
{
    float left = 0.0F;
    float right = 0.0F;
    for (uint32_t n = 0U; n < PREFIX_FRAME; n++) {
        const float l = prefix_level(state->recent[0][n]);
        const float r = prefix_level(state->recent[1][n]);
        left += l * l;
        right += r * r;
    }
    return (right <= left) ? 1U : 0U;
}

/* Processes a complete frame: it yields the centre of the frame's oldest hop. */
static void prefix_frame(prefix_stereo_state *state)
{
    float *re = state->re;
    float *im = state->im;
    uint32_t up = 0U;
    uint32_t down = 0U;
    const uint32_t is_right = prefix_right_is_quieter(state);
    const float half = 0.5F / prefix_take(state, is_right);
    prefix_forward(re, im, PREFIX_FRAME);
    for (uint32_t b = 0U; b < PREFIX_BANDS; b++) {
        const uint32_t first_up = up;
        const uint32_t first_down = down;
        const uint32_t count = prefix_bands[b + 1U] - prefix_bands[b];
        float sum[3] = {0.0F, 0.0F, 0.0F};
        float bin[4];
        float alpha;
        float below;
        float above;
        float share;
        for (uint32_t k = 0U; k < count; k++) {
            prefix_bin(state, up, down, half, bin);
            sum[0] += (bin[0] * bin[0]) + (bin[1] * bin[1]);
            sum[1] += (bin[2] * bin[2]) + (bin[3] * bin[3]);
            sum[2] += (bin[0] * bin[2]) + (bin[1] * bin[3]);
            up = prefix_next(up, PREFIX_FRAME / 2U);
            down = prefix_previous(down, PREFIX_FRAME / 2U);
        }
        prefix_average(state->average[b], sum, is_right);
        prefix_gains(state->average[b], &alpha, &below, &above);
        share = (is_right != 0U) ? below : -above;
        up = first_up;
        down = first_down;
        for (uint32_t k = 0U; k < count; k++) {
            float real;
            float imaginary;
            prefix_bin(state, up, down, half, bin);
            real = alpha * (bin[2] + (share * bin[0]));
            imaginary = alpha * (bin[3] + (share * bin[1]));
            re[up] = real;
            im[up] = imaginary;
            re[down] = real;
            im[down] = -imaginary;
            up = prefix_next(up, PREFIX_FRAME / 2U);
            down = prefix_previous(down, PREFIX_FRAME / 2U);
        }
    }
    prefix_backward(re, im, PREFIX_FRAME);
    for (uint32_t n = 0U; n < PREFIX_FRAME; n++) {
        const float w = prefix_window[(n < (PREFIX_FRAME / 2U)) ? n : ((PREFIX_FRAME - 1U) - n)];
        state->tail[n] += (re[n] * w) * PREFIX_OVERLAP;
    }
    for (uint32_t n = 0U; n < PREFIX_HOP; n++) {
        const SAMPLE centre = prefix_sample(state->tail[n]);
        state->ready[0][n] = prefix_difference(state->recent[0][n], centre);
        state->ready[1][n] = prefix_difference(state->recent[1][n], centre);
        state->ready[2][n] = centre;
    }
    (void)memmove(state->tail, &state->tail[PREFIX_HOP], (PREFIX_FRAME - PREFIX_HOP) * sizeof(float));
    (void)memset(&state->tail[PREFIX_FRAME - PREFIX_HOP], 0, PREFIX_HOP * sizeof(float));
    for (uint32_t c = 0U; c < 2U; c++) {
        (void)memmove(state->recent[c], &state->recent[c][PREFIX_HOP], (PREFIX_FRAME - PREFIX_HOP) * sizeof(SAMPLE));
    }
}

/* Puts one stereo sample, upmixed, into three channels, as sample n of the portion. */
static void prefix_upmix(prefix_stereo_state *state, SAMPLE left, SAMPLE right, SAMPLE *const *to, uint32_t n)
{
    state->recent[0][(PREFIX_FRAME - PREFIX_HOP) + state->phase] = left;
    state->recent[1][(PREFIX_FRAME - PREFIX_HOP) + state->phase] = right;
    state->phase++;
    if (state->phase == PREFIX_HOP) {
        prefix_frame(state);
        state->phase = 0U;
    }
    for (uint32_t c = 0U; c < 3U; c++) {
        to[c][n] = (state->started < PREFIX_UPMIX_LATENCY_SAMPLES) ? (SAMPLE)0 : state->ready[c][state->phase];
    }
    if (state->started < PREFIX_UPMIX_LATENCY_SAMPLES) {
        state->started++;
    }
}

//: stereo
void prefix_stereo_init(prefix_stereo_state *state)
{
    (void)memset(state, 0, sizeof *state);
    prefix_init(&state->filters);
}

void prefix_stereo(prefix_stereo_state *state, const SAMPLE *const *in, SAMPLE *const *out, uint32_t frames)
{
    uint32_t done = 0U;
    while (done < frames) {
        const uint32_t count = prefix_room(&state->filters, frames - done);
        SAMPLE *const to[3] = {prefix_newest(&state->filters, LEFTU), prefix_newest(&state->filters, RIGHTU),
            prefix_newest(&state->filters, CENTREU)};
        for (uint32_t n = 0U; n < count; n++) {
            prefix_upmix(state, in[0][done + n], in[1][done + n], to, n);
        }
        prefix_run(&state->filters, count);
        for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {
            for (uint32_t n = 0U; n < count; n++) {
                out[l][done + n] = FEED;
            }
        }
        prefix_advance(&state->filters, count);
        done += count;
    }
}

void prefix_stereo_interleaved(prefix_stereo_state *state, const SAMPLE *in, SAMPLE *out, uint32_t frames)
{
    const SAMPLE *from = in;
    SAMPLE *to = out;
    uint32_t left = frames;
    while (left > 0U) {
        const uint32_t count = prefix_room(&state->filters, left);
        SAMPLE *const into[3] = {prefix_newest(&state->filters, LEFTU), prefix_newest(&state->filters, RIGHTU),
            prefix_newest(&state->filters, CENTREU)};
        for (uint32_t n = 0U; n < count; n++) {
            prefix_upmix(state, from[2U * n], from[(2U * n) + 1U], into, n);
        }
        prefix_run(&state->filters, count);
        for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {
            for (uint32_t n = 0U; n < count; n++) {
                to[(n * PREFIX_DRIVERS) + l] = FEED;
            }
        }
        prefix_advance(&state->filters, count);
        from = &from[2U * count];
        to = &to[count * PREFIX_DRIVERS];
        left -= count;
    }
}

//: stereo blocks
void prefix_stereo_init(prefix_stereo_state *state)
{
    (void)memset(state, 0, sizeof *state);
    prefix_init(&state->filters);
}

void prefix_stereo(prefix_stereo_state *state, const SAMPLE *const *in, SAMPLE *const *out)
{
    SAMPLE *const to[3] = {state->channels[LEFTU], state->channels[RIGHTU], state->channels[CENTREU]};
    const SAMPLE *const from[3] = {state->channels[0], state->channels[1], state->channels[2]};
    for (uint32_t n = 0U; n < PREFIX_BLOCK; n++) {
        prefix_upmix(state, in[0][n], in[1][n], to, n);
    }
    prefix_process(&state->filters, from, out);
}
