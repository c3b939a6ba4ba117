// SPDX-License-Identifier: MIT
// async/detail/hedge_attempt.hpp: one attempt of a hedged call, and the gates that it passes.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <typeinfo>
#include <utility>

#include <tenax/async/detail/asio_scope.hpp>
#include <tenax/capture.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax::detail {

/// One attempt of a hedged call, and the permits that it holds.
template <class Asio, class T, class Hedging>
struct hedge_attempt {
  attempt_info info{};
  typename Asio::cancellation_signal signal{};
  typename Hedging::budget_type::ticket budget{};
  typename Hedging::gates_type::tickets tickets{};
  std::unique_ptr<gate_pass> inherited{};
  std::optional<outcome<T>> result{};
  std::type_info const* plain = nullptr;
  bool under_way = false;

  template <class... Value>
  void returned(Value&&... value) {
    result.emplace(std::forward<Value>(value)...);
  }
  void threw(std::exception const* standard) { result.emplace(stashed_exception::current(standard).take(plain)); }

  /// Asks the budget first: it refuses most often, and takes its permit back if a gate refuses.
  admission admit(Hedging& hedging, time_point now) {
    auto answer = hedging.budget().admit(budget, info, now);
    if (answer.admitted()) answer = hedging.gates().admit(tickets, info, now);
    if (answer.admitted() && inherited) answer = inherited->admit(info, now);
    if (answer.admitted()) hedging.gates().started(tickets, now);
    return answer;
  }
  void record(Hedging& hedging, feedback const& how, time_point now) {
    hedging.budget().record(budget, how, now);
    hedging.gates().record(tickets, how, now);
    if (inherited) inherited->record(how, now);
    give_back();
  }
  void give_back() {
    budget = {};
    tickets = {};
    if (inherited) inherited->give_back();
  }
};

}  // namespace tenax::detail
