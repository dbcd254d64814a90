/* The kernel that weights were found with. */
#ifndef KNOWN_KERNEL_H
#define KNOWN_KERNEL_H

#include "options.h"

/* Texts that settings point to. */
typedef struct {
  char bandwidth[32], degree[16];
} kernel_words;

/* Takes what the flags leave open about the kernel from the report of --weights. A flag that says something else than
 * the report counts, and is named on stderr. False, with a sentence, where the weights cannot be read. */
bool take_kernel_of_weights(cli_settings *settings, kernel_words *words, const cli_verb *verb);

#endif
