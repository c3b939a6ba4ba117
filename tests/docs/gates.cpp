// SPDX-License-Identifier: MIT
// gates.cpp: what docs/reference/gates.md says.
#include <atomic>
#include <utility>

#include "docs.hpp"

namespace {

// [gate]
/// Lets at most `n` attempts be under way at the same time.
class at_most_at_once {
 public:
  explicit at_most_at_once(int n) : free_(n) {}

  /// One attempt's place, given back when it is destroyed.
  class ticket {
   public:
    ticket() = default;
    ticket(ticket&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    ticket& operator=(ticket&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~ticket() {
      if (gate_ != nullptr) ++gate_->free_;
    }

   private:
    friend class at_most_at_once;
    at_most_at_once* gate_ = nullptr;
  };

  tenax::admission admit(ticket& t, tenax::attempt_info const&, tenax::time_point) {
    if (t.gate_ != nullptr)
      return tenax::admission::go();  // asked again, and has its place already
    auto free = free_.load();
    while (free > 0 && !free_.compare_exchange_weak(free, free - 1)) {
    }
    if (free == 0) return tenax::admission::wait(10ms);
    t.gate_ = this;
    return tenax::admission::go();
  }

  void report(ticket& t, tenax::feedback const&, tenax::time_point) {
    ticket given_back = std::move(t);
  }

  int free() const { return free_; }

 private:
  std::atomic<int> free_;
};
static_assert(tenax::gate<at_most_at_once>);
// [/gate]

}  // namespace

TEST_CASE("gates: through") {
  virtual_time clock;
  auto const base = tenax::retrying{}.environment(std::ref(clock));
  // [through]
  at_most_at_once places(2);  // shared by all calls, so it outlives them
  auto const policy = base.through(std::ref(places));
  // [/through]
  CHECK(policy([&] { return places.free(); }) == 1);
  CHECK(places.free() == 2);

  // Both places are taken: the call waits, and asks again.
  at_most_at_once::ticket first, second;
  CHECK(places.admit(first, {}, {}).answer == tenax::admission::verdict::go);
  CHECK(places.admit(second, {}, {}).answer == tenax::admission::verdict::go);
  clock.after(25ms, [&] { second = {}; });
  CHECK(policy([&] { return places.free(); }) == 0);
  CHECK(clock.sleeps() == durations{10ms, 10ms, 10ms});

  // The wait at a gate counts against the deadline.
  clock.after(1s, [] {});
  at_most_at_once::ticket third;
  CHECK(places.admit(third, {}, {}).answer == tenax::admission::verdict::go);
  auto const report = policy.stop(stop::deadline(25ms)).try_call([] {});
  CHECK(report.reason == tenax::stop_reason::expired_on_entry);
  CHECK(report.waited == 20ms);
}
