/* in.bin, frames of stereo, through an export's upmix and filters in portions of random length: planar.bin and interleaved.bin. */
#include HEADER
#include <stdio.h>

static STATE state;
static SAMPLE in[2][FRAMES], out[DRIVERS][FRAMES], frame_in[FRAMES * 2], frame_out[FRAMES * DRIVERS];

static uint32_t drawn(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U; /* Numerical Recipes, ch. 7.1 */
    return *seed >> 23;
}

static int kept(const char *name, const void *samples, size_t bytes)
{
    FILE *file = fopen(name, "wb");
    if (file == NULL || fwrite(samples, 1, bytes, file) != bytes) return 1;
    return fclose(file) != 0;
}

int main(void)
{
    uint32_t portions = 7U, frames;
    FILE *file = fopen("in.bin", "rb");
    if (file == NULL || fread(frame_in, sizeof frame_in, 1, file) != 1) return 2;
    for (uint32_t n = 0; n < FRAMES; n++) {
        in[0][n] = frame_in[2 * n];
        in[1][n] = frame_in[2 * n + 1];
    }
    INIT(&state);
    for (uint32_t done = 0; done < FRAMES; done += frames) {
        const SAMPLE *from[2] = {&in[0][done], &in[1][done]};
        SAMPLE *to[DRIVERS];
        frames = drawn(&portions);
        if (frames > FRAMES - done) frames = FRAMES - done;
        for (uint32_t l = 0; l < DRIVERS; l++) to[l] = &out[l][done];
        PROCESS(&state, from, to, frames);
    }
    INIT(&state);
    for (uint32_t done = 0; done < FRAMES; done += frames) {
        frames = drawn(&portions);
        if (frames > FRAMES - done) frames = FRAMES - done;
        INTERLEAVED(&state, &frame_in[done * 2], &frame_out[done * DRIVERS], frames);
    }
    return kept("planar.bin", out, sizeof out) || kept("interleaved.bin", frame_out, sizeof frame_out);
}
