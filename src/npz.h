/* One member of a zip archive, read from its beginning: how NumPy keeps several arrays in a file (npz). */
#ifndef DW_NPZ_H
#define DW_NPZ_H

#include "internal.h"

typedef struct dw_zip dw_zip;

/* Whether a file begins like a zip archive. */
bool dw_zip_recognise(const unsigned char *bytes, int64_t count);

/* Opens the member NAME.npy of an archive of `file_bytes` bytes, or with `name` NULL the only .npy in it. When there
 * are none, several or others, the sentence names them. File, path and window (DW_ZIP_WINDOW bytes to work with) are
 * the caller's, and have to stay. */
divw_status dw_zip_open(dw_zip **out, int file, int64_t file_bytes, unsigned char *window, const char *path,
                        const char *name);

/* NULL is accepted. */
void dw_zip_close(dw_zip *zip);

/* Reads `bytes` bytes, fewer only where the member ends; there its size and checksum are compared with what the archive
 * says. */
divw_status dw_zip_read(dw_zip *zip, unsigned char *buffer, int64_t bytes, int64_t *got);

/* More bytes than these are not to come, whatever the archive says. */
int64_t dw_zip_left(const dw_zip *zip);

/* Where in the file the bytes lie that were not read yet, and how many they are: of a member that is stored as it is;
 * DIVW_ERROR_FORMAT of others. They are within the file, and nobody has looked at their checksum. */
divw_status dw_zip_locate(const dw_zip *zip, int64_t *offset, int64_t *bytes);

#endif
