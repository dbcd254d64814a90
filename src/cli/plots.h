/* --plots: data, gnuplot scripts and, where there is gnuplot, pictures of what the weights do. */
#ifndef PLOTS_H
#define PLOTS_H

#include "breakdown.h"

typedef struct cli_plots cli_plots;

/* Reads --trace and makes the folder: everything that can fail before the work. *out is to be closed, whatever came of
 * it; NULL without --plots. */
bool plots_open(cli_plots **out, const cli_settings *settings);

/* Writes data and scripts, and lets gnuplot draw. Does nothing for NULL. */
bool plots_save(const cli_plots *plots, const cli_examples *examples);

/* Leaves no empty folder behind. NULL is accepted. */
void plots_close(cli_plots *plots);

#endif
