# The documentation site: `cmake --build BUILD --target docs`, then open BUILD/docs/html/index.html.
#
# This file is included by the project to make the target, and run by the target, so that packages which are installed
# later are found without configuring again.
#
# Formulas are drawn in the reader's browser by MathJax, from a copy beside the pages: it works without a network, is a
# download of 8 MB, and the pages stay text. LaTeX, Doxygen's other way, would be some hundreds.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  configure_file(docs/site/Doxyfile.in docs/Doxyfile @ONLY)
  add_custom_target(docs
    COMMAND ${CMAKE_COMMAND} -D docs=${PROJECT_BINARY_DIR}/docs -P ${CMAKE_CURRENT_LIST_FILE}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} COMMENT "Writing the documentation site" VERBATIM)
  return()
endif()

find_program(doxygen doxygen)
find_path(mathjax jax/output/SVG/jax.js PATHS /usr/share/javascript/mathjax /usr/share/mathjax)
if(NOT doxygen OR NOT mathjax)
  message(FATAL_ERROR "The site needs Doxygen and MathJax 2: apt-get install doxygen libjs-mathjax")
endif()

file(REMOVE_RECURSE ${docs}/html)
execute_process(COMMAND ${doxygen} ${docs}/Doxyfile COMMAND_ERROR_IS_FATAL ANY)
# Of MathJax, what TeX input and SVG output take: 3 MB of 54.
foreach(part IN ITEMS MathJax.js extensions/tex2jax.js extensions/MathEvents.js extensions/MathMenu.js
        extensions/MathZoom.js extensions/TeX jax/element jax/input/TeX jax/output/SVG/jax.js jax/output/SVG/config.js
        jax/output/SVG/autoload jax/output/SVG/fonts/TeX)
  get_filename_component(folder ${docs}/html/mathjax/${part} DIRECTORY)
  file(COPY ${mathjax}/${part} DESTINATION ${folder})
endforeach()
message("The site: ${docs}/html/index.html")
