/* From the flags to a dataset and a kernel: read, select rows, then classes, then the first N, then center, then
 * components.
 *
 * Rows come first because they are numbers of rows of INPUT; the mean and the components are those of what is left. */
#include "input.h"

#include <string.h>

bool selection_is_complete(const cli_settings *settings, const cli_verb *verb) {
  const bool complete = settings->classes.count == 0 || settings->labels != NULL;
  if (!complete) {
    usage_error(verb, "--classes is given but --labels is missing");
  }
  return complete;
}

/* A matrix of similarities; rows are chosen from it later, and the same columns with them. */
static bool is_square(const divw_dataset *dataset, const char *path) {
  const long long n = (long long)divw_dataset_count(dataset), d = (long long)divw_dataset_dimension(dataset);
  return n == d ||
         fail("%s: is a matrix of %lld x %lld, expected as many rows as columns for --kernel precomputed", path, n, d);
}

divw_status open_input(divw_dataset **dataset, const cli_settings *settings) {
  return settings->array == NULL ? divw_dataset_open(dataset, settings->input)
                                 : divw_dataset_open_array(dataset, settings->input, settings->array);
}

static bool selects_rows(const cli_settings *settings) {
  return settings->rows != NULL || settings->classes.count > 0 || settings->limit > 0;
}

bool can_gather(const cli_settings *settings) {
  divw_dataset *dataset = NULL;
  const bool can = selects_rows(settings) && open_input(&dataset, settings) == DIVW_OK;
  divw_dataset_destroy(dataset);
  return can;
}

bool load_input(divw_dataset **dataset, const cli_settings *settings) {
  const bool is_matrix = settings->kernel != NULL && strcmp(settings->kernel, "precomputed") == 0;
  if (selects_rows(settings) && open_input(dataset, settings) == DIVW_OK) {
    return !is_matrix || is_square(*dataset, settings->input); /* select_examples() reads what is left */
  }
  return ok(settings->streams         ? open_input(dataset, settings)
            : settings->array == NULL ? divw_dataset_load(dataset, settings->input)
                                      : divw_dataset_load_array(dataset, settings->input, settings->array)) &&
         (!is_matrix || is_square(*dataset, settings->input));
}

/* Puts a dataset, if it could be made, in the place of the one it was made of. */
static bool replace(divw_dataset **dataset, divw_dataset *subset, divw_status status) {
  if (!ok(status)) {
    return false;
  }
  divw_dataset_destroy(*dataset);
  *dataset = subset;
  return true;
}

static bool select_rows(divw_dataset **dataset, const char *path) {
  int64_t *rows, count;
  divw_dataset *subset;
  if (!ok(divw_indices_load(path, &rows, &count))) {
    return false;
  }
  const divw_status status = divw_dataset_select_rows(&subset, *dataset, rows, count);
  divw_free(rows);
  return replace(dataset, subset, status);
}

static bool select_classes(divw_dataset **dataset, whole_list classes) {
  divw_dataset *subset;
  const divw_status status = divw_dataset_select_labels(&subset, *dataset, classes.values, classes.count);
  return replace(dataset, subset, status);
}

static bool select_first(divw_dataset **dataset, int64_t count) {
  divw_dataset *subset;
  const divw_status status = divw_dataset_select_first(&subset, *dataset, count);
  return replace(dataset, subset, status);
}

bool choose_examples(divw_dataset **dataset, const cli_settings *settings) {
  return (settings->labels == NULL || ok(divw_dataset_load_labels(*dataset, settings->labels))) &&
         (settings->ids == NULL || ok(divw_dataset_load_ids(*dataset, settings->ids))) &&
         (settings->rows == NULL || select_rows(dataset, settings->rows)) &&
         (settings->classes.count == 0 || select_classes(dataset, settings->classes)) &&
         (settings->limit == 0 || select_first(dataset, settings->limit));
}

static bool gather(divw_dataset **dataset) {
  divw_dataset *rows;
  const divw_status status = divw_dataset_gather(&rows, *dataset);
  return replace(dataset, rows, status);
}

bool select_examples(divw_dataset **dataset, const cli_settings *settings) {
  return choose_examples(dataset, settings) &&
         (settings->streams || !divw_dataset_is_streamed(*dataset) || gather(dataset));
}

static bool center(divw_dataset **dataset) {
  divw_dataset *centered;
  const divw_status status = divw_dataset_center(&centered, *dataset);
  return replace(dataset, centered, status);
}

static bool reduce(divw_dataset **dataset, int64_t components) {
  divw_dataset *reduced;
  const divw_status status = divw_dataset_components(&reduced, *dataset, components);
  return replace(dataset, reduced, status);
}

static bool transform(divw_dataset **dataset, const cli_settings *settings) {
  return (!settings->center || center(dataset)) && (settings->components == 0 || reduce(dataset, settings->components));
}

bool make_kernel(divw_kernel **kernel, const divw_dataset *dataset, const cli_settings *settings) {
  divw_similarity *similarity;
  const bool done = make_similarity(&similarity, settings) && bind_similarity(kernel, dataset, similarity, settings);
  divw_similarity_destroy(similarity);
  return done;
}

bool bind_kernel(divw_kernel **kernel, const divw_dataset *dataset, const cli_settings *settings) {
  divw_dataset *rows;
  *kernel = NULL;
  const bool done = ok(divw_dataset_select_first(&rows, dataset, divw_dataset_count(dataset))) &&
                    transform(&rows, settings) && make_kernel(kernel, rows, settings);
  divw_dataset_destroy(rows);
  return done;
}

bool use_threads(const cli_settings *settings) {
  return ok(divw_set_threads(settings->threads > 0 ? (int32_t)settings->threads : divw_threads()));
}

bool read_rows(divw_dataset **dataset, const cli_settings *settings) {
  *dataset = NULL;
  return use_threads(settings) && load_input(dataset, settings) && select_examples(dataset, settings) &&
         transform(dataset, settings);
}

bool read_examples(divw_dataset **dataset, divw_kernel **kernel, const cli_settings *settings) {
  *kernel = NULL;
  return read_rows(dataset, settings) && make_kernel(kernel, *dataset, settings);
}

bool read_weights(divw_weights **weights, const char *path, int64_t count) {
  if (!ok(divw_weights_load(weights, path))) {
    return false;
  }
  const int64_t found = divw_weights_count(*weights);
  return found == count || fail("%s: holds %lld weights, expected %lld, one for each selected example", path,
                                (long long)found, (long long)count);
}
