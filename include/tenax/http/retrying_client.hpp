// SPDX-License-Identifier: MIT
// http/retrying_client.hpp: an httplib::Client with retries and timeouts. Tested with cpp-httplib 0.11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenax/http/detail/httplib_attempt.hpp>
#include <tenax/http/detail/owner.hpp>
#include <tenax/http/detail/replay.hpp>
#include <tenax/http/httplib.hpp>
#include <tenax/http/httplib_result.hpp>
#include <tenax/http/idempotency_key.hpp>
#include <tenax/http/replayable.hpp>
#include <tenax/http/standard_retry.hpp>
#include <tenax/tenax.hpp>

namespace tenax::http {

/// An `httplib::Client` that retries requests. To use it, change one line of your program:
/// ```
/// tenax::http::retrying_client<> client("http://api.example.org");   // was: httplib::Client
/// auto const album = client.Get("/v1/albums/1");
/// ```
/// Requests without a policy of their own follow `http::standard_retry()`. Timeouts, headers, authentication and
/// certificates are set as for `httplib::Client`.
///
/// A request is sent again only if its method or its key allows it (`http::idempotent_only`), and only until the
/// caller's receiver gets the first byte of a response. A body from a content provider that has been read can be sent
/// again only if the provider says how (`http::replayable`, `http::rewindable`). A response handler and a receiver see
/// only one response, the last one. Exceptions of these functions, of a provider and of a progress callback leave the
/// call immediately.
///
/// An attempt ends when its time is over (`.attempt_timeout()`, `stop::deadline`), when the policy's token is
/// triggered, and when `stop()` is called, even in the middle of a transfer, but not during a DNS look-up. The client's
/// own timeouts apply in addition. A thread of the client enforces the limits, from the first request with a limit on.
/// A call that ends before its first attempt throws nothing: its result has `Error::Canceled`, 0 `attempts`, and a
/// `reason`, such as `stop_reason::refused_by_gate`.
///
/// Thread safety: requests and `stop()` are as safe as those of `Client`, which sends one request at a time. Set
/// policies before the first request.
template <class Client = httplib::Client>
class retrying_client : public Client {
 public:
  using Client::Client;

  /// Sets the policy of all requests to an endpoint: a path in which `*` stands for any characters except `/`, and `**`
  /// for any characters, with an optional method before it: `"GET /v1/albums/*/tracks"`. The query is ignored. If
  /// several patterns match, the one that was added first is used.
  ///
  /// A policy does not make the client repeat a request that must not be sent twice (`http::idempotent_only`), unless
  /// its endpoint names the method: `policy("POST /v1/search", p)` retries as `p` says.
  ///
  /// Throws `std::invalid_argument` for an endpoint that no request can match.
  template <class Retrying>
  retrying_client& policy(std::string endpoint, Retrying p) {
    detail::require_endpoint(endpoint);
    // A caller that names the method has decided about its repetition.
    bool const names_method = endpoint.find(' ') != endpoint.npos;
    auto* const call = names_method ? erase<false>(std::move(p)) : erase<true>(std::move(p));
    detail::add_endpoint(endpoints_, std::move(endpoint), detail::owner<detail::call_policy>(call));
    return *this;
  }

  /// Sets the policy of requests to all other endpoints, in place of `http::standard_retry()`.
  template <class Retrying>
  retrying_client& policy(Retrying p) {
    otherwise_ = detail::owner<detail::call_policy>(erase<true>(std::move(p)));
    return *this;
  }

  /// Adds an `Idempotency-Key` to every POST and PATCH without one, the same key in each attempt. Then they can be
  /// retried, if the server supports the header.
  retrying_client& generate_idempotency_keys(key_format format = key_format::quoted) {
    key_format_ = format;
    make_keyed_ = &detail::make_keyed;
    return *this;
  }

  /// Sends a header with every attempt that says which one it is; none by default. `header(info)` returns an
  /// `http::attempt_header`: `http::amz_sdk_request`, `http::resend_baggage`, `http::grpc_previous_rpc_attempts`, or a
  /// function of yours. For each header, call this once. A header that the request has itself is extended by a comma
  /// and the value; one of the client's default headers is replaced.
  template <class F>
    requires std::is_invocable_r_v<attempt_header, F const&, attempt_info const&>
  retrying_client& send_attempt_header(F header) {
    detail::functions_of(attempt_headers_).emplace_back(std::move(header));
    return *this;
  }
  retrying_client& send_attempt_header(attempt_header (*header)(attempt_info const&)) {
    detail::functions_of(attempt_headers_).emplace_back(header);
    return *this;
  }

  /// Ends every call that is under way: in a request, in a wait, and at a gate. A request that is interrupted ends as
  /// with `Client` (`Error::Read`), a call in a wait with its last answer, and a call that has sent nothing with
  /// `Error::Canceled`. `reason` is `stop_reason::cancelled`. Does not affect calls that begin later. Thread safety:
  /// safe.
  void stop() {
    control_->stop([this] { Client::stop(); });
  }

  /// As for `Client`. Do not call it through a reference to `Client`.
  void set_socket_options(httplib::SocketOptions options) {
    Client::set_socket_options([options = std::move(options)](auto socket) {
      detail::note_socket(static_cast<int>(socket));
      if (options) options(socket);
    });
  }
  void set_logger(httplib::Logger logger) {
    Client::set_logger([logger = std::move(logger)](httplib::Request const& sent, httplib::Response const& r) {
      detail::note_answer();
      if (logger) logger(sent, r);
    });
  }

  // The requests, with the arguments of httplib::Client.
  template <class... Args>
    requires(!detail::starts_with_headers<Args...> && !detail::starts_with_query<Args...>)
  httplib_result Get(std::string const& path, Args&&... args) {
    return Get(path, httplib::Headers(), args...);
  }
  template <class... Args>
  httplib_result Get(std::string const& path, httplib::Headers const& headers, Args&&... args) {
    return perform<request_kind::collects>(
        "GET", path, headers, [&](auto const& all, auto&&... a) { return plain().Get(path, all, a...); }, args...);
  }
  template <class... Args>
  httplib_result Get(std::string const& path, httplib::Params const& parameters, httplib::Headers const& headers,
                     Args&&... args) {
    return perform<request_kind::collects>(
        "GET", path, headers, [&](auto const& all, auto&&... a) { return plain().Get(path, parameters, all, a...); },
        args...);
  }

  httplib_result Head(std::string const& path, httplib::Headers const& headers = {}) {
    return perform<request_kind::plain>("HEAD", path, headers,
                                        [&](auto const& all) { return plain().Head(path, all); });
  }
  httplib_result Options(std::string const& path, httplib::Headers const& headers = {}) {
    return perform<request_kind::plain>("OPTIONS", path, headers,
                                        [&](auto const& all) { return plain().Options(path, all); });
  }

  template <class... Args>
    requires(!detail::starts_with_headers<Args...>)
  httplib_result Post(std::string const& path, Args&&... args) {
    return Post(path, httplib::Headers(), args...);
  }
  template <class... Args>
  httplib_result Post(std::string const& path, httplib::Headers const& headers, Args&&... args) {
    return perform<request_kind::keyable>(
        "POST", path, headers, [&](auto const& all, auto&&... a) { return plain().Post(path, all, a...); }, args...);
  }

  httplib_result Put(std::string const& path) { return Put(path, std::string(), std::string()); }
  template <class... Args>
    requires(!detail::starts_with_headers<Args...>)
  httplib_result Put(std::string const& path, Args&&... args) {
    return Put(path, httplib::Headers(), args...);
  }
  template <class... Args>
  httplib_result Put(std::string const& path, httplib::Headers const& headers, Args&&... args) {
    return perform<request_kind::plain>(
        "PUT", path, headers, [&](auto const& all, auto&&... a) { return plain().Put(path, all, a...); }, args...);
  }

  httplib_result Patch(std::string const& path) { return Patch(path, std::string(), std::string()); }
  template <class... Args>
    requires(!detail::starts_with_headers<Args...>)
  httplib_result Patch(std::string const& path, Args&&... args) {
    return Patch(path, httplib::Headers(), args...);
  }
  template <class... Args>
  httplib_result Patch(std::string const& path, httplib::Headers const& headers, Args&&... args) {
    return perform<request_kind::keyable>(
        "PATCH", path, headers, [&](auto const& all, auto&&... a) { return plain().Patch(path, all, a...); }, args...);
  }

  template <class... Args>
    requires(!detail::starts_with_headers<Args...>)
  httplib_result Delete(std::string const& path, Args&&... args) {
    return Delete(path, httplib::Headers(), args...);
  }
  template <class... Args>
  httplib_result Delete(std::string const& path, httplib::Headers const& headers, Args&&... args) {
    return perform<request_kind::plain>(
        "DELETE", path, headers, [&](auto const& all, auto&&... a) { return plain().Delete(path, all, a...); },
        args...);
  }

  /// Sends a request that the caller has built. Its method decides whether it may be sent again.
  httplib_result send(httplib::Request const& given) {
    httplib::Headers own;
    auto const& headers = keyed(given.method, given.headers, own);
    detail::uploading state;
    std::uint64_t offset = 0, total = 0;
    auto const receive = [&](char const* data, std::size_t size) {
      return given.content_receiver(data, size, offset, total);
    };
    bool const has_key = detail::takes_key(given.method) && detail::has_key(headers);
    return perform_with(
        state, {detail::lasting_method(given.method), has_key}, given.path, headers,
        [&](auto const& all) { return detail::send_request(state, plain(), given, all, receive, offset, total); },
        given.response_handler, receive);
  }
  bool send(httplib::Request& sent, httplib::Response& response, httplib::Error& error) {
    auto result = send(sent);
    error = result.error();
    if (result) response = std::move(*result);
    return static_cast<bool>(result);
  }

 private:
  enum class request_kind {
    plain,
    collects,  ///< a response without a receiver is collected here, see `detail::send_prepared`
    keyable    ///< may have an idempotency key
  };

  template <bool IdempotentOnly, class Retrying>
  static detail::call_policy* erase(Retrying p) {
    if constexpr (requires { p.when(p.policy().predicate); }) {
      return new detail::erased_policy<IdempotentOnly, Retrying>(std::move(p));
    } else {
      static_assert(tenax::detail::always_false<Retrying>,
                    "tenax: http::retrying_client::policy() needs a policy such as tenax::retrying{} or "
                    "tenax::http::standard_retry()");
      return nullptr;
    }
  }

  /// Returns the client without retries.
  Client& plain() noexcept { return *this; }

  httplib::Headers const& keyed(std::string_view method, httplib::Headers const& given, httplib::Headers& own) const {
    return make_keyed_ != nullptr && make_keyed_(method, given, key_format_, own) ? own : given;
  }

  /// `send(headers, args...)` sends the request once.
  template <request_kind Kind, class Send, class... Args>
  httplib_result perform(std::string_view method, std::string const& path, httplib::Headers const& given,
                         Send const& send, Args&... args) {
    if constexpr (Kind == request_kind::keyable) {
      httplib::Headers own;
      auto const& headers = keyed(method, given, own);
      return perform_usable<false>({method, detail::has_key(headers)}, path, headers, send, detail::usable(args)...);
    } else {
      constexpr bool collects = Kind == request_kind::collects;
      return perform_usable<collects>({method}, path, given, send, detail::usable(args)...);
    }
  }

  template <bool Collects, class Send, class... Args>
  httplib_result perform_usable(request const& sent, std::string const& path, httplib::Headers const& headers,
                                Send const& send, Args&&... args) {
    detail::state_for<Args...> state;
    return perform_with(
        state, sent, path, headers,
        [&](httplib::Headers const& all) { return detail::send_prepared<Collects>(state, send, all, args...); },
        args...);
  }

  template <class Send, class... Args>
  httplib_result perform_with(detail::streaming& state, request const& sent, std::string const& path,
                              httplib::Headers const& headers, Send const& send, Args&... args) {
    detail::request_by<Client, Send> made({*control_, state, sent, path, headers, attempt_headers_.get()}, plain(),
                                          send);
    auto last = detail::make_call(made, policy_of(sent.method, path));
    if (last.attempts == 0) return last;
    bool wanted = true;
    if constexpr (sizeof...(Args) != 0) wanted = state.thrown != nullptr || detail::deliver_rest(state, last, args...);
    detail::end_call(state, last, wanted);
    return last;
  }

  detail::call_policy const& policy_of(std::string_view method, std::string_view path) const {
    auto const* const own = endpoints_.get() != nullptr ? endpoints_->find(method, path) : nullptr;
    return own != nullptr ? *own : *otherwise_;
  }

  bool observe() {
    Client::set_socket_options(httplib::SocketOptions(detail::attempt_ears{}));
    Client::set_logger(httplib::Logger(detail::attempt_ears{}));
    return true;
  }

  detail::owner<detail::endpoint_policies> endpoints_;  ///< none: all endpoints have the same policy
  detail::owner<detail::call_policy> otherwise_{erase<true>(standard_retry())};
  detail::owner<detail::client_control> control_{new detail::client_control};
  bool observed_ = observe();
  detail::owner<detail::attempt_header_list> attempt_headers_;
  decltype(&detail::make_keyed) make_keyed_ = nullptr;  ///< null: keys are not generated
  key_format key_format_{};
};

}  // namespace tenax::http
