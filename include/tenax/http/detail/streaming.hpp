// SPDX-License-Identifier: MIT
// http/detail/streaming.hpp: the state of a cpp-httplib request with a streamed response or body, over all its
// attempts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <httplib.h>

#include <tenax/http/detail/upload.hpp>
#include <tenax/http/httplib.hpp>

namespace tenax::http::detail {

template <class F>
concept response_handler = std::is_invocable_r_v<bool, F&, httplib::Response const&>;
template <class F>
concept content_receiver = std::is_invocable_r_v<bool, F&, char const*, std::size_t>;
template <class F>
concept progress_callback = std::is_invocable_r_v<bool, F&, std::uint64_t, std::uint64_t>;
template <class F>
concept callback = response_handler<F> || content_receiver<F> || progress_callback<F> || content_provider<F>;

/// The caller's argument in the form that attempts use. A const function object with a non-const call operator is
/// copied, as cpp-httplib does.
template <class Arg>
decltype(auto) usable(Arg& arg) {
  using plain = std::remove_const_t<Arg>;
  if constexpr (std::is_const_v<Arg> && callback<plain> && !callback<Arg>) {
    return plain(arg);
  } else {
    return (arg);
  }
}

/// Whether the caller's arguments after the path begin with headers.
template <class... Args>
inline constexpr bool starts_with_headers = false;
template <class First, class... More>
inline constexpr bool starts_with_headers<First, More...> =
    std::is_same_v<std::remove_cvref_t<First>, httplib::Headers>;

/// Whether they begin with the parameters of a query, which headers follow.
template <class... Args>
inline constexpr bool starts_with_query = false;
template <class First, class Second, class... More>
inline constexpr bool starts_with_query<First, Second, More...> =
    std::is_same_v<std::remove_cvref_t<First>, httplib::Params> && starts_with_headers<Second>;

/// Whether a caller's function object can be called: a `std::function` may be empty.
template <class F>
bool is_given([[maybe_unused]] F const& f) {
  if constexpr (requires { f.target_type(); }) return static_cast<bool>(f);
  return true;
}

/// The state of one request over its attempts. The body of a failed response is held back until it is known to be the
/// last one, and the caller's handler is not called before that. Thus handler and receiver see only one response.
struct streaming {
  streaming() = default;
  streaming(streaming const&) = delete;
  streaming& operator=(streaming const&) = delete;
  virtual ~streaming() = default;

  httplib::Response const* head = nullptr;         ///< head of the response that is arriving; null if there is none
  int status = 0;                                  ///< status of the last response; 0 if its handler was not called
  std::optional<httplib::Response> failed_head{};  ///< head of a failed response whose body is incomplete
  bool asked = false;                              ///< whether the caller's handler was called
  bool delivered = false;
  bool refused = false;  ///< an attempt would have sent a body that had already been read
  bool spent = false;    ///< the request was not sent again because its body cannot be read again
  std::string held_back{};
  std::exception_ptr thrown{};

  virtual void begin() { forget(); }
  void forget() {
    head = nullptr;
    status = 0;
    failed_head.reset();
    held_back.clear();
  }
  void arrives(httplib::Response const& r) {
    forget();
    head = &r;
    status = r.status;
    if (status < 400) return;
    failed_head.emplace();
    failed_head->status = r.status;
    failed_head->headers = r.headers;
  }
  void move_body_to(httplib::Response& r) {
    r.body.swap(held_back);
    held_back.clear();
  }
  [[nodiscard]] bool holds_back() const { return status >= 400 || is_interim(status); }
  /// Makes the request's body ready to be sent again; returns false if that is impossible.
  virtual bool set_back() { return true; }
  /// The same at the end of a call, for an outer policy that may repeat it. Only done if the failure is transient.
  virtual bool leave_ready(bool /*may_pass*/) { return true; }
};

/// Calls a function of the caller during an attempt. A policy would take its exception for a failure of the request,
/// and might send the request again. So the exception is stored, and the attempt ends.
template <class F>
bool call_caller([[maybe_unused]] streaming& state, F const& f) {
#if defined(__cpp_exceptions)
  try {
    return static_cast<bool>(f());
  } catch (std::exception const&) {
    state.thrown = std::current_exception();
  }
#if defined(__GLIBCXX__)
  catch (__cxxabiv1::__forced_unwind const&) {
    throw;
  }
#endif
  catch (...) {
    state.thrown = std::current_exception();
  }
  return false;
#else
  return static_cast<bool>(f());
#endif
}

/// The state of a request whose body may come from content providers. The others need not compile this.
struct uploading final : streaming {
  std::deque<upload> uploads{};
  std::size_t next_upload = 0;

  void begin() override {
    next_upload = 0;
    for (auto& u : uploads) u.begun = false;
    streaming::begin();
  }
  bool set_back() override {
    for (auto& u : uploads) spent = spent || !call_caller(*this, [&] { return u.set_back(); });
    return !spent;
  }
  bool leave_ready(bool may_pass) override {
    for (auto& u : uploads) {
      if (!u.read || u.ready) continue;
      if (!may_pass || spent || thrown != nullptr || !call_caller(*this, [&] { return u.set_back(); })) return false;
    }
    return true;
  }
};

/// The state of a request with these arguments.
template <class... Args>
using state_for = std::conditional_t<
    ((content_provider<std::remove_reference_t<Args>> || provider_items<std::remove_reference_t<Args>>) || ...),
    uploading, streaming>;

/// What is known about the next provider of the request.
inline upload& upload_of_next(streaming& state) {
  auto& body = static_cast<uploading&>(state);
  if (body.next_upload == body.uploads.size()) body.uploads.emplace_back();
  return body.uploads[body.next_upload++];
}

template <class P, class... Length>
bool provide(streaming& state, upload& u, P& provider, httplib::DataSink& sink, std::size_t offset, Length... length) {
  return call_caller(state, [&] {
    bool const first = !u.read && offset == 0;
    if (starts_again(u, offset)) {
      if (!u.set_back()) {
        state.refused = true;
        return false;
      }
      u.wrote = false;
    }
    if constexpr (sizeof...(length) == 1) {
      if (first) u.asked_again = [&provider, length...] { return first_bytes(provider, length...); };
    }
    u.read = u.begun = true;
    u.ready = false;
    watched_sink const watched(sink, u, first, sizeof...(length) == 1 && (u.by_offset || !u.rewind));
    bool const wants_more = read_from(u, provider, sink, offset, length...);
    if (u.differs) state.refused = state.spent = true;
    return wants_more && !u.differs;
  });
}

/// Wraps a content provider of the caller for an attempt.
template <class P>
struct guarded_provider {
  streaming* state;
  upload* read;
  P* provider;

  bool operator()(std::size_t offset, std::size_t length, httplib::DataSink& sink) const
    requires sized_provider<P>
  {
    return provide(*state, *read, *provider, sink, offset, length);
  }
  bool operator()(std::size_t offset, httplib::DataSink& sink) const
    requires endless_provider<P>
  {
    return provide(*state, *read, *provider, sink, offset);
  }
};

/// The parts of a multipart body, with each provider wrapped.
template <class Items>
auto guarded(streaming& state, Items& items) {
  std::remove_const_t<Items> copy = items;
  auto given = items.begin();
  for (auto& item : copy) {
    item.provider = guarded_provider<decltype(given->provider) const>{&state, &upload_of_next(state), &given->provider};
    ++given;
  }
  return copy;
}

/// Returns the replacement of one argument of the caller for an attempt.
template <class Arg>
auto for_attempt(streaming& state, Arg& arg) {
  if constexpr (content_provider<Arg>) {
    return std::tuple(guarded_provider<Arg>{&state, &upload_of_next(state), &arg});
  } else if constexpr (provider_items<Arg>) {
    return std::tuple(guarded(state, arg));
  } else if constexpr (progress_callback<Arg>) {
    std::function<bool(std::uint64_t, std::uint64_t)> report;
    if (is_given(arg)) {
      report = [&state, &arg](std::uint64_t now, std::uint64_t all) {
        return call_caller(state, [&] { return arg(now, all); });
      };
    }
    return std::tuple(std::move(report));
  } else if constexpr (std::is_integral_v<Arg>) {
    return std::tuple<std::size_t>(static_cast<std::size_t>(arg));  // a length, the only number that the client takes
  } else {
    return std::tuple<Arg&>(arg);
  }
}

/// Asks the caller's response handler whether it wants `r`. Asks only once.
template <class... Args>
bool ask_handler(streaming& state, httplib::Response const& r, Args&... args) {
  bool wanted = true;
  [[maybe_unused]] auto const ask = [&](auto& arg) {
    if constexpr (response_handler<decltype(arg)>) {
      if (!is_given(arg)) return;
      state.delivered = true;
      wanted = call_caller(state, [&] { return arg(r); });
    }
  };
  if (!std::exchange(state.asked, true)) (ask(args), ...);
  return wanted;
}

}  // namespace tenax::http::detail
