/* score --new: how much rows that came later would add. */
#ifndef ADDED_H
#define ADDED_H

#include "cli.h"

typedef struct cli_added cli_added;

/* Reads the new rows, which belong to the examples of `dataset` as it is after the transformations, and measures each
 * against the weighted examples. *out is to be ended with added_destroy(), whatever came of it; NULL without --new. */
bool added_measure(cli_added **out, const divw_dataset *dataset, const divw_kernel *kernel, const double *p,
                   const cli_settings *settings);

/* Writes --output and --table. */
bool added_save(const cli_added *added, const cli_settings *settings);

/* Prints the best of them; as JSON, as a member of an open object. Nothing for NULL. */
void added_show(const cli_added *added, const cli_settings *settings);

/* NULL is accepted. */
void added_destroy(cli_added *added);

#endif
