/* Noise through an export in portions of random length, planar and then interleaved: what came out into planar.bin and interleaved.bin. */
#include HEADER
#include <stdio.h>

static STATE state;
static SAMPLE in[CHANNELS][FRAMES], out[DRIVERS][FRAMES], frame_in[FRAMES * CHANNELS], frame_out[FRAMES * DRIVERS];

static uint32_t drawn(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U; /* Numerical Recipes, ch. 7.1 */
    return *seed;
}

static int kept(const char *name, const void *samples, size_t bytes)
{
    FILE *file = fopen(name, "wb");
    if (file == NULL || fwrite(samples, 1, bytes, file) != bytes) return 1;
    return fclose(file) != 0;
}

int main(void)
{
    uint32_t seed = 1U, portions = 7U, frames;
    for (uint32_t n = 0; n < FRAMES; n++)
        for (uint32_t c = 0; c < CHANNELS; c++) {
            int32_t value = (int32_t)((int64_t)(drawn(&seed) >> (32 - BITS)) - ((int64_t)1 << (BITS - 1)));
            in[c][n] = (SAMPLE)((n < LOUD ? value : value / 32) * SCALE);
            frame_in[n * CHANNELS + c] = in[c][n];
        }
    INIT(&state);
    for (uint32_t done = 0; done < FRAMES; done += frames) {
        const SAMPLE *from[CHANNELS];
        SAMPLE *to[DRIVERS];
        frames = drawn(&portions) >> 25;
        if (frames > FRAMES - done) frames = FRAMES - done;
        for (uint32_t c = 0; c < CHANNELS; c++) from[c] = &in[c][done];
        for (uint32_t l = 0; l < DRIVERS; l++) to[l] = &out[l][done];
        PROCESS(&state, from, to, frames);
    }
    INIT(&state);
    for (uint32_t done = 0; done < FRAMES; done += frames) {
        frames = drawn(&portions) >> 25;
        if (frames > FRAMES - done) frames = FRAMES - done;
        INTERLEAVED(&state, &frame_in[done * CHANNELS], &frame_out[done * DRIVERS], frames);
    }
    return kept("planar.bin", out, sizeof out) || kept("interleaved.bin", frame_out, sizeof frame_out);
}
