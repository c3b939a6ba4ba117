# SPDX-License-Identifier: MIT
# developer_options.cmake: what the presets set for those who change tenax. Projects that use it do not see these
# options.

option(TENAX_BUILD_BENCHMARKS "Build the benchmarks and add them to the tests." OFF)
option(TENAX_FETCH_DEPENDENCIES "Download what the tests and examples need and the machine lacks." ON)
option(TENAX_TEST_PLATFORM "Build only the tests of tests/platforms, for the machine of a toolchain file." OFF)
option(TENAX_FUZZ "Make the programs in tests/fuzz with clang's libFuzzer, instead of replaying its findings." OFF)
option(TENAX_TEST_REPOSITORY "Run the tests as well that say the same in every configuration." ON)
option(TENAX_TEST_UNITS "Build the tests that run the library in one process." ON)
option(TENAX_TEST_MISTAKES "Check what the compiler says of mistakes. Default: TENAX_TEST_REPOSITORY." ${TENAX_TEST_REPOSITORY})
option(TENAX_TEST_AT_LENGTH "Let the tests with many threads and many schedules take their time." OFF)
set(TENAX_TEST_WITHOUT "" CACHE STRING
  "Folders of unit tests, and patterns of files in tests/, that this build leaves out, because other ones run them.")
set(TENAX_TEST_ONLY_WITH "" CACHE STRING "A regular expression: unit tests without a match are left out, say those without threads.")
set(TENAX_CONFIGURATION "" CACHE STRING "A name for this build: a prefix and a label of its tests.")
mark_as_advanced(TENAX_BUILD_BENCHMARKS TENAX_FETCH_DEPENDENCIES TENAX_FUZZ TENAX_TEST_REPOSITORY TENAX_TEST_UNITS
  TENAX_TEST_MISTAKES TENAX_TEST_AT_LENGTH TENAX_TEST_PLATFORM TENAX_TEST_WITHOUT TENAX_TEST_ONLY_WITH
  TENAX_CONFIGURATION)
