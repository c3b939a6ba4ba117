// SPDX-License-Identifier: MIT
// http/detail/replay.hpp: sending a cpp-httplib request again, also one whose response is streamed to its caller.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tenax/detail/cplusplus.hpp>

#include <httplib.h>

namespace tenax::http::detail {

template <class F>
concept response_handler = std::is_invocable_r_v<bool, F&, httplib::Response const&>;
template <class F>
concept content_receiver = std::is_invocable_r_v<bool, F&, char const*, std::size_t>;

/// Whether the caller's arguments after the path begin with headers.
template <class... Args>
inline constexpr bool starts_with_headers = false;
template <class First, class... More>
inline constexpr bool starts_with_headers<First, More...> =
    std::is_same_v<std::remove_cvref_t<First>, httplib::Headers>;

/// The state of one request whose response goes to a receiver. The body of a response that failed is held back until it is
/// known that it is the last one, so that the receiver never sees two responses.
struct streaming {
  int status = 0;
  bool delivered = false;
  std::string held_back{};
  std::exception_ptr thrown{};

  void begin() {
    status = 0;
    held_back.clear();
  }
};

/// Calls the caller's receiver. Its exception would look to a policy like one of the request, which might send it again.
template <class Receiver>
bool hand_over(streaming& state, Receiver& receiver, char const* data, std::size_t size) {
#if defined(__cpp_exceptions)
  try {
    return static_cast<bool>(receiver(data, size));
  } catch (...) {
    state.thrown = std::current_exception();
    return false;
  }
#else
  return static_cast<bool>(receiver(data, size));
#endif
}

/// What takes the place of one argument of the caller in an attempt: a receiver learns the status first.
template <bool HasHandler, class Arg>
auto for_attempt(streaming& state, Arg& arg) {
  if constexpr (response_handler<Arg>) {
    return std::tuple([&](httplib::Response const& r) {
      state.status = r.status;
      return r.status >= 400 || static_cast<bool>(arg(r));
    });
  } else if constexpr (content_receiver<Arg>) {
    auto receive = [&](char const* data, std::size_t size) {
      if (state.status >= 400) {
        state.held_back.append(data, size);
        return true;
      }
      state.delivered = true;
      return hand_over(state, arg, data, size);
    };
    if constexpr (HasHandler) {
      return std::tuple(std::move(receive));
    } else {
      return std::tuple([&](httplib::Response const& r) { return (state.status = r.status) != 0; }, std::move(receive));
    }
  } else {
    return std::tuple<Arg&>(arg);
  }
}

/// Calls `send` with the caller's arguments, prepared for an attempt.
template <class Send, class... Args>
auto send_prepared(streaming& state, Send const& send, Args&... args) {
  [[maybe_unused]] constexpr bool has_handler = (response_handler<Args> || ...);
  state.begin();
  auto prepared = std::tuple_cat(for_attempt<has_handler>(state, args)...);
  return std::apply(send, prepared);
}

/// Gives the receiver what was held back of the last response. False if it does not want it.
template <class... Args>
bool deliver_rest([[maybe_unused]] streaming const& state, httplib::Result const& result, Args&... args) {
  if (!result || state.status < 400) return true;
  bool wanted = true;
  [[maybe_unused]] auto const ask = [&](auto& arg) {
    if constexpr (response_handler<decltype(arg)>) wanted = static_cast<bool>(arg(*result));
  };
  [[maybe_unused]] auto const deliver = [&](auto& arg) {
    if constexpr (!response_handler<decltype(arg)> && content_receiver<decltype(arg)>) {
      if (wanted && !state.held_back.empty()) {
        wanted = static_cast<bool>(arg(state.held_back.data(), state.held_back.size()));
      }
    }
  };
  (ask(args), ...);
  (deliver(args), ...);
  return wanted;
}

}  // namespace tenax::http::detail
