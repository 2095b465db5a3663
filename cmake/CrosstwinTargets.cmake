# How every library, program and test of the project is declared: one way, here.
# SPDX-License-Identifier: Apache-2.0

add_library(crosstwin_options INTERFACE)
target_include_directories(crosstwin_options INTERFACE ${PROJECT_SOURCE_DIR})
# Contraction is off so that only the fused multiply-adds written as such are fused: the same bytes
# from every compiler and vector width.
# g++ 12 sees overlaps in std::string operator+ that are not there (its bug 105651): no -Wrestrict.
target_compile_options(crosstwin_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
                                                   $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                                                   -ffp-contract=off)
if(CROSSTWIN_WERROR)
  target_compile_options(crosstwin_options INTERFACE -Werror)
endif()
if(CROSSTWIN_SANITIZE)
  target_compile_options(crosstwin_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer)
  target_link_options(crosstwin_options INTERFACE -fsanitize=address,undefined)
endif()

# crosstwin_library(NAME SOURCES ... [LINK ...] [PRIVATE_LINK ...]) declares crosstwin::NAME.
function(crosstwin_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(crosstwin_${name} STATIC ${arg_SOURCES})
  add_library(crosstwin::${name} ALIAS crosstwin_${name})
  target_link_libraries(crosstwin_${name} PUBLIC crosstwin_options ${arg_LINK}
                                          PRIVATE ${arg_PRIVATE_LINK})
endfunction()

# crosstwin_test(NAME SOURCES ... [LINK ...] [LABELS ...]) declares one Catch2 program whose every
# test case is one ctest entry; the label is `unit` unless said otherwise. A test case that cannot
# run here calls tests/catch.hpp's CROSSTWIN_SKIP(reason), which ctest counts as skipped.
include(Catch)
function(crosstwin_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE crosstwin_options crosstwin_catch_main ${arg_LINK})
  catch_discover_tests(test_${name} TEST_PREFIX "${name}: "
                       PROPERTIES LABELS "${arg_LABELS}" SKIP_RETURN_CODE 77)
endfunction()
