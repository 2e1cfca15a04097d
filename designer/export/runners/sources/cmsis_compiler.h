/* What CMSIS-DSP asks of CMSIS-Core's header of this name, from GCC's own arm_acle.h: the DSP instructions of a Cortex-M4 and M7. */
#ifndef CMSIS_COMPILER_H
#define CMSIS_COMPILER_H
#include <arm_acle.h>
#include <stdint.h>
#define __ALIGNED(x) __attribute__((aligned(x)))
#define __STATIC_FORCEINLINE static inline __attribute__((always_inline))
#define __STATIC_INLINE static inline
#define __WEAK __attribute__((weak))
#define __ASM __asm
#define __INLINE inline
#define __SSAT(value, bits) __ssat(value, bits)
#define __USAT(value, bits) __usat(value, bits)
#define __CLZ(value) ((uint8_t)__builtin_clz(value))
#define __ROR(value, bits) __ror(value, bits)
#define __QADD __qadd
#define __QSUB __qsub
#define __SMLALD(x, y, sum) ((uint64_t)__smlald((int16x2_t)(x), (int16x2_t)(y), (int64_t)(sum)))
#define __SMLALDX(x, y, sum) ((uint64_t)__smlaldx((int16x2_t)(x), (int16x2_t)(y), (int64_t)(sum)))
#define __SMUAD(x, y) ((uint32_t)__smuad((int16x2_t)(x), (int16x2_t)(y)))
#define __SMUADX(x, y) ((uint32_t)__smuadx((int16x2_t)(x), (int16x2_t)(y)))
#define __PKHBT(x, y, bits) ((((uint32_t)(x)) & 0xFFFFu) | (((uint32_t)(y) << (bits)) & 0xFFFF0000u))
#endif
