/* SPDX-License-Identifier: MIT
 *
 * PAIRWISE_COUPLING: the probabilities p of classes that fit best to those of pairs, r[i][j] of class i rather than j. They
 * make p * Q * p least, where Q[i][i] is the sum of r[j][i]^2 over j and Q[i][j] is -r[j][i] * r[i][j]; one p after the
 * other, until Q * p is the same everywhere.
 *
 * Source: Wu, Lin and Weng 2004, Probability estimates for multi-class classification by pairwise coupling, their second
 * method, as LIBSVM and ONNX Runtime have it.
 */
#include "real.h"
#include "tree.h"

enum { MOST_ROUNDS = 100 };

/* Q [k, k] from the probabilities of the first class of the pairs (0, 1), (0, 2) ... (1, 2) ... */
static void fill(float *q, const float *r, int32_t k)
{
    for (int32_t i = 0; i < k; i++) {
        q[i * k + i] = 0;
    }
    for (int32_t i = 0; i < k; i++) {
        for (int32_t j = i + 1; j < k; j++, r++) {
            const float first = *r, second = 1 - first;
            q[i * k + i] += second * second;
            q[j * k + j] += first * first;
            q[i * k + j] = q[j * k + i] = -first * second;
        }
    }
}

/* Q * p, and p * Q * p, which is returned. */
static float multiply(const float *q, const float *p, int32_t k, float *qp)
{
    float sum = 0;
    for (int32_t i = 0; i < k; i++) {
        qp[i] = 0;
        for (int32_t j = 0; j < k; j++) {
            qp[i] += q[i * k + j] * p[j];
        }
        sum += p[i] * qp[i];
    }
    return sum;
}

static int is_done(const float *qp, float pqp, int32_t k)
{
    float most = 0;
    for (int32_t i = 0; i < k; i++) {
        most = mote_fmax(most, mote_fabs(qp[i] - pqp));
    }
    return most < 0.005F / (float)k;
}

void mote_pairwise_coupling_f32(const void *params, const struct mote_io *io)
{
    const int32_t k = ((const struct mote_pairwise_coupling *)params)->classes;
    float *p = (float *)io->out[0], *q = (float *)io->scratch, *qp = q + k * k;
    fill(q, (const float *)io->in[0], k);
    for (int32_t i = 0; i < k; i++) {
        p[i] = 1.0F / (float)k;
    }
    for (int round = 0; round < MOST_ROUNDS; round++) {
        float pqp = multiply(q, p, k, qp);
        if (is_done(qp, pqp, k)) {
            break;
        }
        for (int32_t i = 0; i < k; i++) {
            const float step = (pqp - qp[i]) / q[i * k + i], shrink = 1.0F / (1.0F + step);
            p[i] += step;
            pqp = (pqp + step * (step * q[i * k + i] + 2 * qp[i])) * shrink * shrink;
            for (int32_t j = 0; j < k; j++) {
                qp[j] = (qp[j] + step * q[i * k + j]) * shrink;
                p[j] *= shrink;
            }
        }
    }
}
