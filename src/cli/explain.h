/* inspect --example: why an example has the weight that it has. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "breakdown.h"

/* Prints weight, marginal diversity, nearest neighbours and eigenmodes of the examples that --example names, with the
 * kernel and the order of the report of the weights where flags do not say otherwise. */
bool explain_examples(const cli_examples *examples, const divw_weights *weights, const cli_settings *settings);

#endif
