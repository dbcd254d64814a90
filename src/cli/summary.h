/* The report of weights, laid out for a person. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "cli.h"

/* Scalars that are not known (weights without a report) are left out. */
void print_summary(const divw_weights *weights);

#endif
