// SPDX-License-Identifier: MIT
// report.cpp: reading the value of a report without one, in a build without exceptions: prints a message and ends.
#include <string>

#include <tenax/tenax.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include "check.hpp"

int main() {
  int ends[2];
  CHECK(::pipe(ends) == 0);
  auto const child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    auto const too_late = tenax::retrying{}.stop(tenax::stop::deadline_at(tenax::real_time::now()));
    return too_late.try_call([] { return 7; }).value();
  }
  ::close(ends[1]);
  std::string said;
  char c = 0;
  while (::read(ends[0], &c, 1) == 1) said += c;
  int status = 0;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(said == "tenax: report::value(): the call ended before its first attempt; ask has_value() first\n");
  return failed_checks;
}
