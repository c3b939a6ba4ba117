# SPDX-License-Identifier: MIT
# benchmarks.cmake: tests/benchmarks/*.cpp are programs; the *.sh beside them run or compile what they measure and fail
# above the recorded ceiling. Those that measure time run one at a time, so that they measure themselves and not each
# other.
find_package(Threads REQUIRED)
file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/benchmarks/*.cpp")
foreach(file IN LISTS files)
  cmake_path(GET file STEM LAST_ONLY stem)
  add_executable(benchmark_${stem} "${file}")
  set_target_properties(benchmark_${stem} PROPERTIES
    OUTPUT_NAME ${stem} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/benchmarks")
  target_link_libraries(benchmark_${stem} PRIVATE tenax::tenax Threads::Threads)
  tenax_link_what_it_includes(benchmark_${stem} missing)
endforeach()

file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/benchmarks/*.sh")
tenax_script_tests(benchmark ${files})
# Those that measure time run alone. The others count instructions, at least here.
foreach(stem IN ITEMS limiter pool shared_limits telemetry)
  set_tests_properties(${tenax_test_prefix}benchmark.${stem} PROPERTIES RUN_SERIAL ON)
endforeach()
