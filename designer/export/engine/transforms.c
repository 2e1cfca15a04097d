/* Transforms, and what partitions make of them: products of spectra, and the look ahead.

   A transform of turned samples is by decimation in frequency and ends in bit-reversed order, its inverse by decimation in time begins
   there (Oppenheim and Schafer, Discrete-Time Signal Processing, ch. 9). */

//: transforms
/* Transforms `points` points in place, into bit-reversed order. */
static void prefix_forward(float *re, float *im, uint32_t points)
{
    uint32_t step = PREFIX_POINTS / points;
    for (uint32_t half = points / 2U; half > 0U; half /= 2U) {
        for (uint32_t start = 0U; start < points; start += 2U * half) {
            for (uint32_t k = 0U; k < half; k++) {
                const uint32_t a = start + k;
                const uint32_t b = a + half;
                const float real = re[a] - re[b];
                const float imaginary = im[a] - im[b];
                const float c = prefix_cosine[k * step];
                const float s = prefix_sine[k * step];
                re[a] += re[b];
                im[a] += im[b];
                re[b] = (real * c) + (imaginary * s);
                im[b] = (imaginary * c) - (real * s);
            }
        }
        step *= 2U;
    }
}

/* The inverse transform, times `points`, from bit-reversed order. */
static void prefix_backward(float *re, float *im, uint32_t points)
{
    uint32_t step = PREFIX_POINTS / 2U;
    for (uint32_t half = 1U; half < points; half *= 2U) {
        for (uint32_t start = 0U; start < points; start += 2U * half) {
            for (uint32_t k = 0U; k < half; k++) {
                const uint32_t a = start + k;
                const uint32_t b = a + half;
                const float c = prefix_cosine[k * step];
                const float s = prefix_sine[k * step];
                const float real = (re[b] * c) - (im[b] * s);
                const float imaginary = (im[b] * c) + (re[b] * s);
                re[b] = re[a] - real;
                im[b] = im[a] - imaginary;
                re[a] += real;
                im[a] += imaginary;
            }
        }
        step /= 2U;
    }
}

//: partitions
/* Adds one partition to a feed's spectrum: the spectrum of its taps times that of a past block. */
static void prefix_add_product(const float *h, const float *x, float *sum)
{
    for (uint32_t k = 0U; k < PREFIX_BLOCK; k++) {
        const uint32_t i = k + PREFIX_BLOCK;
        sum[k] += (h[k] * x[k]) - (h[i] * x[i]);
        sum[i] += (h[k] * x[i]) + (h[i] * x[k]);
    }
}

/* Transforms a channel's newest two blocks: modulo z^PREFIX_BLOCK - i the newer block is the imaginary part. */
static void prefix_transform(prefix_state *state, uint32_t channel)
{
    const float *now = &state->line[prefix_lines[channel].first + prefix_lines[channel].history];
    const float *past = &state->line[(prefix_lines[channel].first + prefix_lines[channel].history) - PREFIX_BLOCK];
    float *re = &state->past[channel][state->slot][0];
    float *im = &state->past[channel][state->slot][PREFIX_BLOCK];
    for (uint32_t n = 0U; n < PREFIX_BLOCK; n++) {
        re[n] = (past[n] * prefix_turn[n]) - (now[n] * prefix_turn[n + PREFIX_BLOCK]);
        im[n] = (past[n] * prefix_turn[n + PREFIX_BLOCK]) + (now[n] * prefix_turn[n]);
    }
    prefix_forward(re, im, PREFIX_BLOCK);
}

/* At the end of a block: computes what the partitions add to the next block of each feed. */
static void prefix_look_ahead(prefix_state *state)
{
    uint32_t ready = PREFIX_CHANNELS; /* the channel that was transformed last: tails are in the order of channels */
    for (uint32_t t = 0U; t < PREFIX_TAILS; t++) {
        if (prefix_tails[t].channel != ready) {
            ready = prefix_tails[t].channel;
            prefix_transform(state, ready);
        }
    }
    for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {
        const float *re = &state->work[0];
        const float *im = &state->work[PREFIX_BLOCK];
        uint32_t parts = 0U;
        (void)memset(state->work, 0, sizeof state->work);
        for (uint32_t t = 0U; t < PREFIX_TAILS; t++) {
            const prefix_tail *tail = &prefix_tails[t];
            if (tail->driver == l) {
                for (uint32_t k = 0U; k < tail->count; k++) {
                    const uint32_t slot = ((state->slot + PREFIX_PARTS + 1U) - (tail->part + k)) % PREFIX_PARTS;
                    const float *spectrum = &prefix_spectra[tail->first + (k * 2U * PREFIX_BLOCK)];
                    prefix_add_product(spectrum, state->past[tail->channel][slot], state->work);
                }
                parts += tail->count;
            }
        }
        if (parts > 0U) {
            prefix_backward(&state->work[0], &state->work[PREFIX_BLOCK], PREFIX_BLOCK);
            for (uint32_t n = 0U; n < PREFIX_BLOCK; n++) {
                state->ahead[l][n] = (im[n] * prefix_turn[n]) - (re[n] * prefix_turn[n + PREFIX_BLOCK]);
            }
        }
    }
    state->slot = (state->slot + 1U) % PREFIX_PARTS;
}
