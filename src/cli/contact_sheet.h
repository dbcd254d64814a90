/* --contact-sheet: the images of the heaviest and of the lightest examples. */
#ifndef CONTACT_SHEET_H
#define CONTACT_SHEET_H

#include "breakdown.h"

/* Whether the flags ask for a sheet that can be made of these examples; says why when it cannot. */
bool contact_sheet_is_possible(const divw_dataset *dataset, const cli_settings *settings);

/* Makes it: two blocks of --heaviest images each, with their weights below. Only where it is possible. */
bool save_contact_sheet(const cli_examples *examples, const cli_settings *settings);

#endif
