/* How many words of a state each init function clears, for TAPS taps and BLOCK samples. */
#include "arm_math.h"
#include <stdio.h>
#include <string.h>

static union { float32_t f32[TAPS + BLOCK + 64]; q31_t q31[TAPS + BLOCK + 64]; q15_t q15[TAPS + BLOCK + 64]; } memory;
static const float32_t taps_f32[TAPS];
static const q31_t taps_q31[TAPS];
static const q15_t taps_q15[TAPS];

static unsigned long zeros(void)
{
    const unsigned char *bytes = (const unsigned char *)&memory;
    unsigned long count = 0;
    for (unsigned long n = 0; n < sizeof memory; n++) count += bytes[n] == 0;
    memset(&memory, 0x55, sizeof memory);
    return count;
}

int main(void)
{
    arm_fir_instance_f32 f32;
    arm_fir_instance_q31 q31;
    arm_fir_instance_q15 q15;
    memset(&memory, 0x55, sizeof memory);
    arm_fir_init_f32(&f32, TAPS, taps_f32, memory.f32, BLOCK);
    printf("%lu ", zeros());
    arm_fir_init_q31(&q31, TAPS, taps_q31, memory.q31, BLOCK);
    printf("%lu ", zeros());
    arm_fir_init_q15(&q15, TAPS, taps_q15, memory.q15, BLOCK);
    printf("%lu\n", zeros());
    return 0;
}
