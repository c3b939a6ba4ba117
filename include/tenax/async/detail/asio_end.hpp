// SPDX-License-Identifier: MIT
// async/detail/asio_end.hpp: delivers the outcome of a call in Asio to its coroutine or handler.
#pragma once

#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tenax/async/completion.hpp>
#include <tenax/report.hpp>

namespace tenax::detail {

/// Calls the handler of a call that has ended. The classes below make `Deliver`, which knows only the result's type.
template <class Asio, class Deliver, class Handler>
struct asio_delivery {
  Deliver deliver;
  Handler handler;

  void operator()() {
    // Cancellation signals are emitted where the handler runs.
    if constexpr (Asio::has_cancellation) {
      if (auto slot = Asio::slot_of(handler); slot.is_connected()) slot.clear();
    }
    deliver(handler);
  }
};

/// Delivers a call's outcome to the frame of the coroutine that awaits it. Exceptions of an observer, or of another
/// part of the policy, are thrown there.
template <class T, bool WantsReport>
class end_in_frame {
 public:
  static constexpr bool wants_report = WantsReport;
  static constexpr bool takes_exception = true;
  using place = std::optional<std::conditional_t<WantsReport, report<T>, outcome<T>>>;

  explicit end_in_frame(place& to) : place_(&to) {}

  template <class Call>
  auto take(Call& call) const {
    if constexpr (WantsReport) {
      place_->emplace(call.report_result());
    } else {
      place_->emplace(call.result());
    }
    return take(nullptr);
  }
  static auto take(std::exception_ptr exception) {
    return [exception](auto& handler) { std::move(handler)(exception); };
  }

 private:
  place* place_;
};

/// Delivers the outcome of a call that retries an awaitable: calls the handler as `co_spawn` does.
template <class T>
class end_as_spawned {
 public:
  static constexpr bool wants_report = false;
  static constexpr bool takes_exception = true;

  template <class Call>
  static auto take(Call& call) {
    return deliver(call.result());
  }
  static auto take(std::exception_ptr exception) {
    return [exception](auto& handler) {
      if constexpr (std::is_void_v<T>) {
        std::move(handler)(exception);
      } else {
        std::move(handler)(exception, T());
      }
    };
  }

 private:
  static auto deliver(outcome<T>&& result) {
    return [last = std::move(result)](auto& handler) mutable {
      std::exception_ptr failure;
      if constexpr (std::is_void_v<T>) {
        if (!last.has_value()) failure = last.caught()->pointer();
        std::move(handler)(failure);
      } else if (last.has_value()) {
        std::move(handler)(failure, std::move(last).value());
      } else {
        failure = last.caught()->pointer();
        std::move(handler)(failure, T());
      }
    };
  }
};

/// Delivers a call's outcome to the handler, with the signature of the operation.
template <class Asio, class T>
struct end_in_handler;
template <class Asio, class ErrorCode, class... Values>
struct end_in_handler<Asio, completion<ErrorCode, Values...>> {
  static constexpr bool wants_report = false;
  static constexpr bool takes_exception = false;

  template <class Call>
  auto take(Call& call) const {
    return deliver(in_asios_words(call.result()));
  }

 private:
  using result = completion<ErrorCode, Values...>;

  static auto deliver(result&& last) {
    return [last = std::move(last)](auto& handler) mutable {
      std::apply([&](Values&... values) { std::move(handler)(ErrorCode(last.error()), std::move(values)...); },
                 last.values());
    };
  }

  /// Without an attempt, the outcome is an exception. The handler's signature has no place for it, so it becomes an
  /// error code.
  static result in_asios_words(outcome<result>&& last) {
    if (last.has_value()) return std::move(last).value();
    if (last.template exception_as<refused>() != nullptr) return result(Asio::try_again(), Values{}...);
    if (last.template exception_as<expired>() != nullptr) return result(Asio::timed_out(), Values{}...);
    return result(Asio::aborted(), Values{}...);
  }
};

/// Delivers a call's report to the handler.
template <class T>
struct end_in_report {
  static constexpr bool wants_report = true;
  static constexpr bool takes_exception = false;

  template <class Call>
  auto take(Call& call) const {
    return deliver(call.report_result());
  }

 private:
  static auto deliver(report<T>&& result) {
    return [last = std::move(result)](auto& handler) mutable { std::move(handler)(std::move(last)); };
  }
};

}  // namespace tenax::detail
