// SPDX-License-Identifier: MIT
// any_retrying.cpp: calls with a policy, with its erased forms, and with the policy inside of a std::function.
//
//   any_retrying <policy|any|any_of|function> <failures before the success> <calls>
//
// Prints the processor's nanoseconds per attempt (the best of nine runs), the allocations while the erased form was
// made, and those of all calls.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <new>
#include <string_view>

#include <tenax/any_retrying.hpp>
#include <tenax/tenax.hpp>

static int allocations = 0;

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

[[gnu::noinline]] int ask(int& calls, int failures) {
  asm volatile("" : "+r"(failures));
  return ++calls <= failures ? 503 : 200;
}

template <class Call>
[[gnu::noinline]] long measured_calls(Call const& call, int failures, int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) {
    int calls = 0;
    sum += call([&] { return ask(calls, failures); });
  }
  return sum;
}

template <class Call>
void measure(Call const& call, int failures, int count, int made) {
  auto const before = allocations;
  double best = 0;
  for (int i = 0; i < 9; ++i) {
    auto const begin = std::clock();
    auto const sum = measured_calls(call, failures, count);
    auto const took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    if (sum != 200L * count) std::abort();
    best = i == 0 ? took : std::min(best, took);
  }
  std::printf("%.1f %d %d\n", best * 1e9 / count / (failures + 1), made, allocations - before);
}

int main(int, char** argv) {
  std::string_view const form = argv[1];
  int const failures = std::atoi(argv[2]);
  int const count = std::atoi(argv[3]);
  auto const policy = tenax::retrying{}
                          .when(tenax::when::result([](int status) { return status == 503; }))
                          .wait(tenax::wait::none)
                          .stop(tenax::stop::after_attempts(9));
  auto const before = allocations;
  if (form == "policy") {
    measure(policy, failures, count, allocations - before);
  } else if (form == "any") {
    tenax::any_retrying const any = policy;
    measure(any, failures, count, allocations - before);
  } else if (form == "any_of") {
    tenax::any_retrying_of<int> const any = policy;
    measure(any, failures, count, allocations - before);
  } else {
    std::function<int(std::function<int()> const&)> const any = [policy](auto const& f) { return policy(f); };
    measure(any, failures, count, allocations - before);
  }
}
