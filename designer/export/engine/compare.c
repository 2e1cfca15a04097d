/* The program of `cmsis-test`, behind its input and the feeds that are expected: every sample that differs is counted. */

//: compare
static const SAMPLE *const input[] = {INPUTS};
static const SAMPLE *const expected[] = {EXPECTED};
static prefix_state state;
static SAMPLE feeds[PREFIX_DRIVERS][PREFIX_BLOCK];

int main(void)
{
    const SAMPLE *in[PREFIX_CHANNELS];
    SAMPLE *out[PREFIX_DRIVERS];
    unsigned long wrong = 0, compared = 0;
    for (uint32_t l = 0; l < PREFIX_DRIVERS; l++) out[l] = feeds[l];
    prefix_init(&state);
    for (uint32_t start = 0; start + PREFIX_BLOCK <= LENGTH; start += PREFIX_BLOCK) {
        for (uint32_t c = 0; c < PREFIX_CHANNELS; c++) in[c] = input[c] + start;
        prefix_process(&state, in, out);
        for (uint32_t l = 0; l < PREFIX_DRIVERS; l++)
            for (uint32_t n = 0; n < PREFIX_BLOCK; n++, compared++) {
                if (DIFFERS) {
                    if (wrong++ == 0)
                        printf("driver %lu, sample %lu: got %VALUE, expected %VALUE\n", (unsigned long)l,
                            (unsigned long)(start + n), (PRINTED)feeds[l][n], (PRINTED)expected[l][start + n]);
                }
            }
    }
    printf("TITLE: %lu of %lu samples differ\n", wrong, compared);
    return wrong || !compared;
}
