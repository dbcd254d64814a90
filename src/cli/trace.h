/* The trace of a solve as `solve --trace` writes it. */
#ifndef TRACE_H
#define TRACE_H

#include "cli.h"

/* The first line of a trace. */
extern const char trace_header[];

/* Reads a whole trace and checks it line by line. The text is to be freed, ends with a newline, and is NULL on
 * failure. */
bool read_trace(char **text, const char *path);

#endif
