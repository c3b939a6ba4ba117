// SPDX-License-Identifier: MIT
// gates.hpp: a gate with scripted answers that checks how it is used; helpers to ask gates and record results by hand.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/gate/gate.hpp>

#include "support.hpp"

namespace tests {

using events = std::vector<std::string>;

/// Answers from a list, then admits all attempts. Counts its tickets and records all events.
class test_gate {
 public:
  class ticket {
   public:
    ticket() = default;
    ticket(ticket&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    ticket& operator=(ticket&& other) noexcept {
      give_back();
      gate_ = std::exchange(other.gate_, nullptr);
      return *this;
    }
    ~ticket() { give_back(); }

   private:
    friend class test_gate;
    void give_back() noexcept {
      if (gate_ != nullptr) ++gate_->abandoned;
      gate_ = nullptr;
    }
    test_gate* gate_ = nullptr;
  };

  explicit test_gate(std::vector<tenax::admission> answers = {}, std::string name = "gate", events* log = nullptr)
      : answers_(std::move(answers)), name_(std::move(name)), log_(log) {}

  tenax::admission admit(ticket& t, tenax::attempt_info const& info, tenax::time_point now) {
    auto const answer = asked < answers_.size() ? answers_[asked] : tenax::admission::go();
    ++asked;
    numbers.push_back(info.number);
    times.push_back(now);
    if (log_ != nullptr) log_->push_back(name_ + " asked " + std::to_string(info.number));
    if (answer.how == tenax::admission::kind::go) {
      if (t.gate_ == nullptr) ++granted;
      t.gate_ = this;
    } else {
      if (t.gate_ != nullptr) ++withdrawn;
      t.gate_ = nullptr;
    }
    return answer;
  }

  void record(ticket& t, tenax::feedback const& f, tenax::time_point) {
    if (log_ != nullptr) log_->push_back(name_ + " told");
    if (t.gate_ != this) ++told_without_ticket;
    t.gate_ = nullptr;
    ++told;
    feedbacks.push_back(f);
  }

  /// The number of tickets that were neither recorded nor given back.
  [[nodiscard]] int held() const { return granted - told - abandoned - withdrawn; }

  std::size_t asked = 0;
  int granted = 0;
  int told = 0;
  int abandoned = 0;
  int withdrawn = 0;
  int told_without_ticket = 0;
  std::vector<unsigned> numbers{};
  std::vector<tenax::time_point> times{};
  std::vector<tenax::feedback> feedbacks{};

 private:
  std::vector<tenax::admission> answers_;
  std::string name_;
  events* log_;
};
static_assert(tenax::gate<test_gate>);

using verdict = tenax::admission::kind;
using kind = tenax::feedback::kind;

/// Asks for attempt number `number`, at a moment counted from the beginning of time.
template <class G>
tenax::admission ask(G& gate, typename G::ticket& t, tenax::duration now = {}, std::uint32_t number = 1,
                     tenax::random_source* random = nullptr) {
  return gate.admit(t, tenax::attempt_info{.number = number, .random = random}, tenax::time_point(now));
}

template <class G>
verdict asked(G& gate, typename G::ticket& t, tenax::duration now = {}, std::uint32_t number = 1,
              tenax::random_source* random = nullptr) {
  return ask(gate, t, now, number, random).how;
}

template <class G>
void tell(G& gate, typename G::ticket& t, kind how, tenax::duration now = {}) {
  gate.record(t, tenax::feedback{.how = how}, tenax::time_point(now));
}

/// Makes one attempt that ends when it starts. Returns whether it was admitted.
template <class G>
bool attempted(G& gate, kind how, tenax::duration now = {}, std::uint32_t number = 1) {
  typename G::ticket t;
  if (asked(gate, t, now, number) != verdict::go) return false;
  tell(gate, t, how, now);
  return true;
}

/// Runs `work(thread)` in eight threads that start together.
template <class F>
void in_eight_threads(F const& work) {
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      ++ready;
      while (ready != 8) std::this_thread::yield();
      work(i);
    });
  }
  for (auto& t : threads) t.join();
}

}  // namespace tests
