// Plain loops over floats in wider vectors, where the machine has them.
#pragma once

// Before a function: compiled once more for AVX2, and chosen from when the program starts. AVX2
// alone fuses no multiplication with an addition, so that both versions give the same bits. Not for
// sanitizers, which are not ready when the choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define GMMSEG_WIDE_CLONES __attribute__((target_clones("default", "avx2")))
#else
#define GMMSEG_WIDE_CLONES
#endif
