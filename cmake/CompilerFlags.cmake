# Flags of this project's own targets; nothing here reaches a program that links the library.
add_library(divweights_flags INTERFACE)
target_compile_definitions(divweights_flags INTERFACE _XOPEN_SOURCE=700)
target_compile_options(divweights_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wvla
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
  # a * b + c is never fused behind our back: the same numbers with every compiler
  -ffp-contract=off
  # lets sqrt and friends be instructions; nothing here reads errno after mathematics
  -fno-math-errno)
if(PROJECT_IS_TOP_LEVEL)
  option(DIVWEIGHTS_WERROR "Treat warnings as errors" ON)
  if(DIVWEIGHTS_WERROR)
    target_compile_options(divweights_flags INTERFACE -Werror)
  endif()
endif()
if(DIVWEIGHTS_SANITIZE)
  set(sanitizers -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all)
  target_compile_options(divweights_flags INTERFACE ${sanitizers} -fno-omit-frame-pointer)
  target_link_options(divweights_flags INTERFACE ${sanitizers})
endif()
if(DIVWEIGHTS_COVERAGE)
  target_compile_options(divweights_flags INTERFACE --coverage)
  target_link_options(divweights_flags INTERFACE --coverage)
endif()
