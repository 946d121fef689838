/* SPDX-License-Identifier: MIT
 *
 * The table of kernels.
 */
#include "../../mote/kernel/binary.h"
#include "../../mote/kernel/conv.h"
#include "../../mote/kernel/convert.h"
#include "../../mote/kernel/state.h"
#include "../../mote/kernel/pool.h"
#include "../../mote/kernel/reduce.h"
#include "../../mote/kernel/index.h"
#include "../../mote/kernel/move.h"
#include "../../mote/kernel/matmul.h"
#include "../../mote/kernel/signal.h"
#include "../../mote/kernel/softmax.h"
#include "../../mote/kernel/unary.h"
#include "plan.h"

#define KERNEL(name, params) mote_kernel mote_##name;
#include "../../mote/kernel/kernel.def"
#undef KERNEL

const struct plan_kernel plan_kernels[KERNEL_COUNT] = {
#define KERNEL(name, params) [KERNEL_##name] = {#name, #params, sizeof(struct mote_##params), mote_##name},
#include "../../mote/kernel/kernel.def"
#undef KERNEL
};
