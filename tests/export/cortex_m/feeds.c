/* Two periods of PERIOD samples into each channel by itself, and the second period of every driver's feed into feeds.bin. */
#include HEADER
#include "period.h"
#include <stdio.h>

#define PERIOD (sizeof period / sizeof period[0])
static STATE state;
static SAMPLE silence[BLOCK], feeds[DRIVERS][BLOCK];

int main(void)
{
    FILE *file = fopen("feeds.bin", "wb");
    const SAMPLE *in[CHANNELS];
    SAMPLE *out[DRIVERS];
    if (file == NULL) return 1;
    for (int l = 0; l < DRIVERS; l++) out[l] = feeds[l];
    for (int c = 0; c < CHANNELS; c++) {
        INIT(&state);
        for (unsigned long start = 0; start < 2 * PERIOD; start += BLOCK) {
            for (int other = 0; other < CHANNELS; other++) in[other] = silence;
            in[c] = period + start % PERIOD;
            PROCESS(&state, in, out);
            if (start >= PERIOD) fwrite(feeds, sizeof feeds, 1, file);
        }
    }
    return fclose(file) != 0;
}
