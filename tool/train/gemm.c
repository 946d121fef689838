/* SPDX-License-Identifier: MIT
 *
 * Matrix products, by OpenBLAS. It is loaded when training begins: so only training needs it, and it can be told which
 * processor this is, since it takes one that is younger than itself for one of 2004. Slices already keep all cores busy;
 * each product runs in one thread.
 */
#include <dlfcn.h>
#include <stdlib.h>

#include "engine.h"

/* As in cblas.h. */
enum { ROW_MAJOR = 101, NOT_TRANSPOSED = 111, TRANSPOSED = 112 };
typedef void cblas_sgemm(int order, int a_transposed, int b_transposed, int m, int n, int k, float alpha,
                         const float *a, int a_stride, const float *b, int b_stride, float beta, float *c,
                         int c_stride);
typedef void set_num_threads(int count);

static cblas_sgemm *product;

static void name_processor(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
        setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
    } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        setenv("OPENBLAS_CORETYPE", "Haswell", 0);
    }
#endif
}

bool gemm_check(struct diag *diag)
{
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libopenblas.dylib"};
    if (product != NULL) {
        return true;
    }
    name_processor();
    for (size_t i = 0; i < COUNT_OF(names) && product == NULL; i++) {
        void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        set_num_threads *set = library != NULL ? (set_num_threads *)dlsym(library, "openblas_set_num_threads") : NULL;
        if (set != NULL) {
            set(1);
            product = (cblas_sgemm *)dlsym(library, "cblas_sgemm");
        }
    }
    return product != NULL ||
           diag_fail(diag,
                     "training needs the library OpenBLAS: install libopenblas0 (or libopenblas-dev) and try again");
}

void gemm(bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k, const float *a, const float *b,
          float beta, float *c)
{
    product(ROW_MAJOR, a_transposed ? TRANSPOSED : NOT_TRANSPOSED, b_transposed ? TRANSPOSED : NOT_TRANSPOSED, (int)m,
            (int)n, (int)k, 1, a, (int)(a_transposed ? m : k), b, (int)(b_transposed ? k : n), beta, c, (int)n);
}
