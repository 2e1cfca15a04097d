/* in.bin, frames of INPUTS doubles, through a Faust program as C into out.bin. Exit code 2: a file cannot be opened or written;
 * 3: the program has another number of inputs or outputs. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "faust/gui/CInterface.h"
#include "faust.c"

#define MOST 256
static double frame_in[INPUTS * MOST], frame_out[OUTPUTS * MOST], in[INPUTS][MOST], out[OUTPUTS][MOST];

int main(void)
{
    FILE *source = fopen("in.bin", "rb"), *target = fopen("out.bin", "wb");
    mydsp *dsp = newmydsp();
    double *from[INPUTS], *to[OUTPUTS];
    size_t frames;
    if (source == NULL || target == NULL || dsp == NULL) return 2;
    if (getNumInputsmydsp(dsp) != INPUTS || getNumOutputsmydsp(dsp) != OUTPUTS) return 3;
    for (int c = 0; c < INPUTS; c++) from[c] = in[c];
    for (int l = 0; l < OUTPUTS; l++) to[l] = out[l];
    initmydsp(dsp, RATE_HZ);
    while ((frames = fread(frame_in, sizeof(double) * INPUTS, MOST, source)) > 0) {
        for (size_t n = 0; n < frames; n++)
            for (int c = 0; c < INPUTS; c++) in[c][n] = frame_in[n * INPUTS + c];
        computemydsp(dsp, (int)frames, from, to);
        for (size_t n = 0; n < frames; n++)
            for (int l = 0; l < OUTPUTS; l++) frame_out[n * OUTPUTS + l] = out[l][n];
        if (fwrite(frame_out, sizeof(double) * OUTPUTS, frames, target) != frames) return 2;
    }
    deletemydsp(dsp);
    return fclose(target) != 0 ? 2 : 0;
}
