/* Weights as a table for spreadsheets and data frames. */
#ifndef TABLE_H
#define TABLE_H

#include "cli.h"

/* Writes row, id, label, weight and marginal diversity of every example as CSV, complete or not at all. What is not
 * known (labels NULL, no ids) is empty. */
bool save_table(const divw_weights *weights, const int64_t *labels, const char *path);

#endif
