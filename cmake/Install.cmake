# Install rules: headers, libraries, CMake package, pkg-config file, the command.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/divweights)

install(TARGETS divweights EXPORT divweightsTargets)
if(TARGET divweights_static)
  install(TARGETS divweights_static EXPORT divweightsTargets)
endif()
if(TARGET divweights_tool)
  install(TARGETS divweights_tool)
  include(ManPage)
endif()
install(DIRECTORY include/divweights DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT divweightsTargets NAMESPACE divweights:: DESTINATION ${package_dir})
configure_package_config_file(cmake/divweightsConfig.cmake.in divweightsConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(divweightsConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/divweightsConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/divweightsConfigVersion.cmake cmake/FindOpenBLAS.cmake cmake/FindLAPACKE.cmake
  DESTINATION ${package_dir})
# Relative to the file itself, so that the installed tree may be put anywhere (cmake --install --prefix, a move).
file(RELATIVE_PATH divweights_pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/divweights.pc.in divweights.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/divweights.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
