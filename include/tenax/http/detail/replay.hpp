// SPDX-License-Identifier: MIT
// http/detail/replay.hpp: sends a cpp-httplib request again, including requests with a streamed response or body.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <httplib.h>

#include <tenax/http/detail/client_control.hpp>
#include <tenax/http/detail/streaming.hpp>

namespace tenax::http::detail {

/// What cpp-httplib calls during an attempt: with a new socket, with a response that arrived, and, if the response is
/// held back here, with its head and its body. One class, because each that a `std::function` holds costs the compiler
/// more than these functions.
struct attempt_ears {
  streaming* state = nullptr;

  template <class Socket>
    requires std::is_integral_v<Socket>
  void operator()(Socket socket) const {
    note_socket(static_cast<int>(socket));
  }
  void operator()(httplib::Request const&, httplib::Response const&) const { note_answer(); }
  bool operator()(httplib::Response const& r) const {
    state->arrives(r);
    return true;
  }
  bool operator()(char const* data, std::size_t size) const {
    state->held_back.append(data, size);
    return true;
  }
};
inline httplib::ResponseHandler handler_of(streaming& state) { return attempt_ears{&state}; }
inline httplib::ContentReceiver keeper_of(streaming& state) { return attempt_ears{&state}; }

/// A handler and a receiver, which calls `receive(data, size)` unless the response is held back.
template <class Receive>
auto receiving(streaming& state, Receive receive) {
  return std::tuple(handler_of(state), [&state, receive](char const* data, std::size_t size) {
    return state.holds_back() ? attempt_ears{&state}(data, size) : receive(data, size);
  });
}

/// Calls `send` with the headers and the caller's arguments, prepared for an attempt. `Collects`: if the caller has no
/// receiver, the response is received here, so that its head is known even if its body does not arrive completely.
template <bool Collects, class Send, class... Args>
httplib::Result send_prepared(streaming& state, Send const& send, httplib::Headers const& all, Args&... args) {
  constexpr bool receives = ((!response_handler<Args> && content_receiver<Args>) || ...);
  state.begin();
  [[maybe_unused]] auto const unless_progress = [&](auto& arg) {
    using type = std::remove_reference_t<decltype(arg)>;
    if constexpr (response_handler<type> || progress_callback<type>) {
      return std::tuple();
    } else if constexpr (content_receiver<type>) {
      return receiving(state, [&](char const* data, std::size_t size) {
        // The handler is called before the first byte is passed on.
        if (state.head != nullptr && !ask_handler(state, *state.head, args...)) return false;
        state.delivered = true;
        return call_caller(state, [&] { return arg(data, size); });
      });
    } else {
      return for_attempt(state, arg);
    }
  };
  [[maybe_unused]] auto const progress = [&](auto& arg) {
    if constexpr (progress_callback<std::remove_reference_t<decltype(arg)>>) {
      return for_attempt(state, arg);
    } else {
      return std::tuple();
    }
  };
  [[maybe_unused]] auto const send_all = [&](auto&&... a) { return send(all, a...); };
  if constexpr (Collects && !receives && sizeof...(args) == 0) {
    auto result = send(all, handler_of(state), keeper_of(state));  // as below, but much faster to compile
    if (result) state.move_body_to(*result);
    return result;
  } else if constexpr (Collects && !receives) {
    auto result = std::apply(
        send_all,
        std::tuple_cat(unless_progress(args)..., std::tuple(handler_of(state), keeper_of(state)), progress(args)...));
    if (result) state.move_body_to(*result);
    return result;
  } else {
    return std::apply(send_all, std::tuple_cat(unless_progress(args)..., progress(args)...));
  }
}

/// Sends a request that the caller has built, once. `receive` calls its receiver, which gets `offset` and `total`.
/// `Request` is `httplib::Request`; as a parameter, so that only programs that call this function compile it.
template <class Client, class Request, class Receive>
httplib::Result send_request(streaming& state, Client& client, Request const& given, httplib::Headers const& headers,
                             Receive const& receive, std::uint64_t& offset, std::uint64_t& total) {
  state.begin();
  auto sent = given;
  sent.headers = headers;
  if (given.content_provider_) sent.content_provider_ = std::get<0>(for_attempt(state, given.content_provider_));
  if (given.progress) sent.progress = std::get<0>(for_attempt(state, given.progress));
  sent.response_handler = handler_of(state);
  sent.content_receiver = [&](char const* data, std::size_t size, std::uint64_t at, std::uint64_t all) {
    total = all;
    if (!given.content_receiver || state.holds_back()) {
      state.held_back.append(data, size);
      return true;
    }
    if (state.head != nullptr && !ask_handler(state, *state.head, given.response_handler)) return false;
    state.delivered = true;
    offset = at;
    return call_caller(state, [&] { return receive(data, size); });
  };
  auto result = client.send(sent);
  if (result && !given.content_receiver) state.move_body_to(*result);
  return result;
}

/// Passes the held-back body of the last response to handler and receiver. Returns false if they do not want it.
template <class... Args>
bool deliver_rest([[maybe_unused]] streaming& state, httplib::Result const& result, Args&... args) {
  if (!result || state.status == 0) return true;
  bool wanted = ask_handler(state, *result, args...);
  [[maybe_unused]] auto const deliver = [&](auto& arg) {
    if constexpr (!response_handler<decltype(arg)> && content_receiver<decltype(arg)>) {
      if (wanted && !state.held_back.empty()) {
        wanted = call_caller(state, [&] { return arg(state.held_back.data(), state.held_back.size()); });
      }
    }
  };
  (deliver(args), ...);
  return wanted;
}

}  // namespace tenax::http::detail
