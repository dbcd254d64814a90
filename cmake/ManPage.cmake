# The manual page of the command, written from its --help after it is built.
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  return() # a command that cannot be run here cannot be asked
endif()
set(man_page ${PROJECT_BINARY_DIR}/divweights.1)
add_custom_command(OUTPUT ${man_page}
  COMMAND sh ${PROJECT_SOURCE_DIR}/cmake/manpage.sh $<TARGET_FILE:divweights_tool> ${man_page}
  DEPENDS divweights_tool ${PROJECT_SOURCE_DIR}/cmake/manpage.sh
  COMMENT "Writing the manual page" VERBATIM)
add_custom_target(divweights_man ALL DEPENDS ${man_page})
install(FILES ${man_page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
