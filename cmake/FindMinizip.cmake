# Members of zip archives: Minizip::Minizip, which stands on zlib.
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(PC_MINIZIP QUIET minizip)
endif()
find_path(Minizip_INCLUDE_DIR unzip.h HINTS ${PC_MINIZIP_INCLUDE_DIRS} PATH_SUFFIXES minizip)
find_library(Minizip_LIBRARY NAMES minizip HINTS ${PC_MINIZIP_LIBRARY_DIRS})
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Minizip REQUIRED_VARS Minizip_LIBRARY Minizip_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install it with: apt-get install libminizip-dev")
if(Minizip_FOUND AND NOT TARGET Minizip::Minizip)
  add_library(Minizip::Minizip UNKNOWN IMPORTED)
  set_target_properties(Minizip::Minizip PROPERTIES IMPORTED_LOCATION ${Minizip_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${Minizip_INCLUDE_DIR} INTERFACE_LINK_LIBRARIES ZLIB::ZLIB)
endif()
mark_as_advanced(Minizip_INCLUDE_DIR Minizip_LIBRARY)
