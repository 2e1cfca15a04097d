/* in.bin, frames of INPUTS samples, through an export of a bank into out.bin; path.bin holds KEYS floats for each FADE frames, set ahead of
 * them. Frames come in portions of random length, through the planar and the interleaved call at once; with BLOCKS in blocks of that
 * many frames, through the one call there is. Exit code 2: a file cannot be opened or written; 3: the two calls differ. */
#include HEADER
#include <stdio.h>
#include <string.h>

static STATE planar;
static SAMPLE in[INPUTS][FADE], out[DRIVERS][FADE], frame_in[INPUTS * FADE], frame_out[DRIVERS * FADE];
#ifndef BLOCKS
static STATE interleaved;
#endif

static void set(STATE *state, const float *values)
{
#if KEYS == 2
    SET(FILTERS, values[0], values[1]);
#else
    SET(FILTERS, values[0]);
#endif
}

int main(void)
{
    FILE *source = fopen("in.bin", "rb"), *path = fopen("path.bin", "rb"), *target = fopen("out.bin", "wb");
    float values[KEYS];
    uint32_t seed = 7U, frames;
    if (source == NULL || path == NULL || target == NULL) return 2;
    INIT(&planar);
#ifndef BLOCKS
    INIT(&interleaved);
#endif
    while ((frames = (uint32_t)fread(frame_in, INPUTS * sizeof *frame_in, FADE, source)) > 0U) {
        uint32_t done = 0U;
        if (fread(values, sizeof values, 1, path) != 1) return 2;
        set(&planar, values);
        for (uint32_t n = 0; n < frames; n++)
            for (uint32_t c = 0; c < INPUTS; c++) in[c][n] = frame_in[n * INPUTS + c];
#ifndef BLOCKS
        set(&interleaved, values);
#endif
        while (done < frames) {
            const SAMPLE *from[INPUTS];
            SAMPLE *to[DRIVERS];
            uint32_t count;
            for (uint32_t c = 0; c < INPUTS; c++) from[c] = &in[c][done];
            for (uint32_t l = 0; l < DRIVERS; l++) to[l] = &out[l][done];
#ifdef BLOCKS
            count = BLOCKS;
            PROCESS(&planar, from, to);
#else
            seed = seed * 1664525U + 1013904223U; /* Numerical Recipes, ch. 7.1 */
            count = (seed >> 25) < frames - done ? seed >> 25 : frames - done;
            PROCESS(&planar, from, to, count);
            INTERLEAVED(&interleaved, &frame_in[done * INPUTS], &frame_out[done * DRIVERS], count);
            for (uint32_t n = 0; n < count; n++)
                for (uint32_t l = 0; l < DRIVERS; l++)
                    if (memcmp(&to[l][n], &frame_out[(done + n) * DRIVERS + l], sizeof(SAMPLE)) != 0) return 3;
#endif
            done += count;
        }
        for (uint32_t n = 0; n < frames; n++)
            for (uint32_t l = 0; l < DRIVERS; l++) frame_out[n * DRIVERS + l] = out[l][n];
        if (fwrite(frame_out, DRIVERS * sizeof *frame_out, frames, target) != frames) return 2;
    }
    (void)seed;
    return fclose(target) != 0 ? 2 : 0;
}
