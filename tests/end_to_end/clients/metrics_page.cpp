// SPDX-License-Identifier: MIT
// metrics_page.cpp: prints a page of metrics about calls that really happened.
#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>

#include <tenax/telemetry.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

int main() {
  tenax::counters catalogue("catalogue"), orders("a \"strange\\name\"");
  tenax::call_metrics metrics("catalogue");
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(1ms)).stop(tenax::stop::after_attempts(4));
  for (int i = 0; i < 12; ++i) {
    int failures = i % 6;
    auto const operation = [&] {
      if (failures-- > 0) throw std::runtime_error("down");
    };
    static_cast<void>(base.observe(std::ref(catalogue)).observe(std::ref(metrics)).try_call(operation));
    static_cast<void>(base.observe(std::ref(orders)).try_call(operation));
  }
  tenax::prometheus_page page;
  page.add(catalogue);
  page.add(orders);
  page.add(metrics);
  std::fputs(page.text().c_str(), stdout);
}
