/* in.bin, frames of INPUTS samples, through an export in portions of random length into out.bin: by its planar and its interleaved
 * call at once. Exit code 2: a file cannot be opened or written; 3: the two calls differ. */
#include HEADER
#include <stdio.h>
#include <string.h>

#define MOST 1024U
static STATE planar, interleaved;
static SAMPLE in[INPUTS][MOST], out[DRIVERS][MOST], frame_in[INPUTS * MOST], frame_out[DRIVERS * MOST];

int main(void)
{
    FILE *source = fopen("in.bin", "rb"), *target = fopen("out.bin", "wb");
    const SAMPLE *from[INPUTS];
    SAMPLE *to[DRIVERS];
    uint32_t seed = 7U, wanted, frames;
    if (source == NULL || target == NULL) return 2;
    for (uint32_t c = 0; c < INPUTS; c++) from[c] = in[c];
    for (uint32_t l = 0; l < DRIVERS; l++) to[l] = out[l];
    INIT(&planar);
    INIT(&interleaved);
    do {
        seed = seed * 1664525U + 1013904223U; /* Numerical Recipes, ch. 7.1 */
        wanted = (seed >> 25) << (seed & 3U);
        frames = (uint32_t)fread(frame_in, INPUTS * sizeof *frame_in, wanted, source);
        for (uint32_t n = 0; n < frames; n++)
            for (uint32_t c = 0; c < INPUTS; c++) in[c][n] = frame_in[n * INPUTS + c];
        PROCESS(&planar, from, to, frames);
        INTERLEAVED(&interleaved, frame_in, frame_out, frames);
        for (uint32_t n = 0; n < frames; n++)
            for (uint32_t l = 0; l < DRIVERS; l++)
                if (memcmp(&out[l][n], &frame_out[n * DRIVERS + l], sizeof(SAMPLE)) != 0) return 3;
        if (fwrite(frame_out, DRIVERS * sizeof *frame_out, frames, target) != frames) return 2;
    } while (frames == wanted);
    return fclose(target) != 0 ? 2 : 0;
}
