/* SPDX-License-Identifier: MIT
 *
 * Matrix products, by OpenBLAS. Slices already keep all cores busy, so that each product runs in one thread.
 */
#include "engine.h"

#ifdef HAVE_OPENBLAS
#include <cblas.h>

bool gemm_check(struct diag *diag)
{
    (void)diag;
    openblas_set_num_threads(1);
    return true;
}

void gemm(bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k, const float *a, const float *b,
          float beta, float *c)
{
    cblas_sgemm(CblasRowMajor, a_transposed ? CblasTrans : CblasNoTrans, b_transposed ? CblasTrans : CblasNoTrans,
                (blasint)m, (blasint)n, (blasint)k, 1, a, (blasint)(a_transposed ? m : k), b,
                (blasint)(b_transposed ? k : n), beta, c, (blasint)n);
}

#else

bool gemm_check(struct diag *diag)
{
    return diag_fail(diag,
                     "this mote was built without OpenBLAS and cannot train networks: install libopenblas-dev and "
                     "build it again");
}

/* Not reached after gemm_check. */
void gemm(bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k, const float *a, const float *b,
          float beta, float *c)
{
    (void)a_transposed, (void)b_transposed, (void)m, (void)n, (void)k, (void)a, (void)b, (void)beta, (void)c;
}

#endif
