/* Cost of a sample of an export: on a Cortex-M in qemu, where virtual time counts instructions, these; elsewhere nanoseconds of CPU. */
#include HEADER
#include <stdio.h>
#include <time.h>

#define FRAMES 256U
static STATE state;
static float in[FRAMES * CHANNELS], out[FRAMES * DRIVERS];

int main(void)
{
    uint32_t seed = 1U;
    for (uint32_t n = 0; n < FRAMES * CHANNELS; n++) {
        seed = seed * 1664525U + 1013904223U;
        in[n] = (float)((int32_t)(seed >> 8) - (1 << 23)) / 8388608.0F;
    }
    INIT(&state);
#ifdef __arm__
    {
        volatile uint32_t *timer = (volatile uint32_t *)0xE000E010; /* SysTick, at 25 MHz of virtual time: 40 instructions of a nanosecond */
        uint32_t before;
        timer[1] = 0xFFFFFF;
        timer[2] = 0;
        timer[0] = 5;
        PROCESS(&state, in, out, FRAMES);
        before = timer[2];
        PROCESS(&state, in, out, FRAMES);
        PROCESS(&state, in, out, FRAMES);
        printf("%.3f\n", (double)((before - timer[2]) & 0xFFFFFF) * 40.0 / (2.0 * FRAMES));
    }
#else
    {
        uint32_t rounds = 0;
        clock_t start = clock();
        do {
            for (int n = 0; n < 20; n++) PROCESS(&state, in, out, FRAMES);
            rounds += 20;
        } while (clock() - start < CLOCKS_PER_SEC / 20);
        printf("%.3f\n", 1e9 * (double)(clock() - start) / CLOCKS_PER_SEC / ((double)rounds * FRAMES));
    }
#endif
    return 0;
}
