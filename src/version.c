#include <divweights/version.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *divw_version(void) {
  return TEXT(DIVW_VERSION_MAJOR) "." TEXT(DIVW_VERSION_MINOR) "." TEXT(DIVW_VERSION_PATCH);
}

int32_t divw_version_number(void) { return DIVW_VERSION_MAJOR * 10000 + DIVW_VERSION_MINOR * 100 + DIVW_VERSION_PATCH; }
