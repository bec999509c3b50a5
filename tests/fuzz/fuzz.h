/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a fuzz target defines; libFuzzer calls it, and so does replay.c. It aborts when something does not hold. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif /* FUZZ_H */
