"""Targets built and run here: what an export plays, sample by sample, by the compiler, emulator or convolver that it is written for.

| file | what runs |
|---|---|
| machines | C on this machine, on Cortex-M4 and M7 and on RISC-V in qemu |
| c_program | `c`, `c-q31`, `c-q15`: planar and interleaved calls in portions of random length, which must agree |
| cmsis_program | `cmsis-*`: blocks, with CMSIS-DSP's own sources |
| convolvers | `jconvolver`, `wav`, `easyeffects` and `convolver-cfg` by fconvolver, `brutefir` by BruteFIR |
| pipewire | a daemon and a filter-chain of their own, with `pipewire_client` as source and recorder |

`faust` and `matlab` are run by functions beside their targets, and a bank's C by its proof (`designer.proof.along_path`). A target names
its runner: `run(folder, signals, filters, bench)` plays signals (N, channels), full scale 1, through the files of its folder, in which it
may also write, and returns the feeds (N, drivers).
"""
