/* SPDX-License-Identifier: MIT
 *
 * The table of kernels.
 */
#include "../../mote/kernel/binary.h"
#include "../../mote/kernel/call.h"
#include "../../mote/kernel/conv.h"
#include "../../mote/kernel/conv3d.h"
#include "../../mote/kernel/convert.h"
#include "../../mote/kernel/detect.h"
#include "../../mote/kernel/state.h"
#include "../../mote/kernel/packed.h"
#include "../../mote/kernel/packed_mve.h"
#include "../../mote/kernel/pool.h"
#include "../../mote/kernel/reduce.h"
#include "../../mote/kernel/rfft2d.h"
#include "../../mote/kernel/rnn.h"
#include "../../mote/kernel/index.h"
#include "../../mote/kernel/move.h"
#include "../../mote/kernel/matmul.h"
#include "../../mote/kernel/sensor.h"
#include "../../mote/kernel/signal.h"
#include "../../mote/kernel/softmax.h"
#include "../../mote/kernel/text.h"
#include "../../mote/kernel/tree.h"
#include "../../mote/kernel/unary.h"
#include "plan.h"

#define KERNEL(name, params) mote_kernel mote_##name;
#define KERNEL_FOR(target, name, params)
#include "../../mote/kernel/kernel.def"
#undef KERNEL
#undef KERNEL_FOR

const struct plan_kernel plan_kernels[KERNEL_COUNT] = {
#define KERNEL(name, params) [KERNEL_##name] = {#name, #name ".c", #params, sizeof(struct mote_##params), mote_##name},
#define KERNEL_FOR(target, name, params) \
    [KERNEL_##name##__## \
        target] = {#name "__" #target, #target "/" #name ".c", #params, sizeof(struct mote_##params), NULL},
#include "../../mote/kernel/kernel.def"
#undef KERNEL
#undef KERNEL_FOR
};
