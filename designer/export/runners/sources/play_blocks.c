/* in.bin, blocks of CHANNELS times BLOCK samples, through an export for CMSIS-DSP into out.bin, blocks of DRIVERS times BLOCK. */
#include HEADER
#include <stdio.h>

static STATE state;
static SAMPLE signals[CHANNELS][BLOCK], feeds[DRIVERS][BLOCK];

int main(void)
{
    FILE *source = fopen("in.bin", "rb"), *target = fopen("out.bin", "wb");
    const SAMPLE *in[CHANNELS];
    SAMPLE *out[DRIVERS];
    if (source == NULL || target == NULL) return 2;
    for (int c = 0; c < CHANNELS; c++) in[c] = signals[c];
    for (int l = 0; l < DRIVERS; l++) out[l] = feeds[l];
    INIT(&state);
    while (fread(signals, sizeof signals, 1, source) == 1) {
        PROCESS(&state, in, out);
        if (fwrite(feeds, sizeof feeds, 1, target) != 1) return 2;
    }
    return fclose(target) != 0 ? 2 : 0;
}
